/** One connection of its own for LISTEN, made when first needed and made again whenever it is lost. */
import { Client, type ClientConfig } from 'pg';
import type { Logger } from '../observability/logger';
import { NoConnectionError } from './away';
import { endWithin } from './end-within';

/** Between two tries to connect again. Milliseconds. */
const RECONNECT_MS = 1000;

type Listener = (payload: string | null) => void;

export class ListeningConnection {
  private readonly listeners = new Map<string, Set<Listener>>();
  private connecting: Promise<Client> | null = null;
  private retry: NodeJS.Timeout | null = null;
  private isStopped = false;

  constructor(
    private readonly settings: ClientConfig,
    private readonly log: Logger,
  ) {}

  /** @throws when the database can't be reached now; once it listens, a lost connection is its own business */
  async listen(channel: string, listener: Listener): Promise<() => Promise<void>> {
    const known = this.listeners.get(channel) ?? new Set();
    const isNew = known.size === 0;
    known.add(listener);
    this.listeners.set(channel, known);
    try {
      const client = await (this.connecting ??= this.connect());
      if (isNew) await client.query(`listen ${channel}`);
    } catch (error) {
      this.forget(channel, listener);
      throw error;
    }
    return async () => this.forget(channel, listener);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    if (this.retry !== null) clearTimeout(this.retry);
    this.listeners.clear();
    const client = await this.connecting?.catch(() => null);
    if (client !== undefined && client !== null) await endWithin(client);
  }

  /** The connection goes on listening: a channel costs nothing, and another listener may come. */
  private forget(channel: string, listener: Listener): void {
    this.listeners.get(channel)?.delete(listener);
  }

  private async connect(): Promise<Client> {
    const client = new Client(this.settings);
    client.on('notification', ({ channel, payload }) => this.tell(channel, payload ?? ''));
    client.on('error', (error) => this.log.warn({ reason: error.message }, 'the listening connection was lost'));
    try {
      await client.connect();
      for (const channel of this.listeners.keys()) await client.query(`listen ${channel}`);
    } catch (error) {
      this.connecting = null;
      void client.end().catch(() => undefined);
      throw new NoConnectionError(error);
    }
    client.once('end', () => {
      this.connecting = null;
      this.reconnectLater();
    });
    return client;
  }

  private reconnectLater(): void {
    if (this.isStopped || this.listeners.size === 0) return;
    this.retry = setTimeout(() => {
      this.connecting ??= this.connect();
      this.connecting.then(
        () => this.listeners.forEach((_, channel) => this.tell(channel, null)),
        () => this.reconnectLater(),
      );
    }, RECONNECT_MS).unref();
  }

  private tell(channel: string, payload: string | null): void {
    for (const listener of this.listeners.get(channel) ?? []) listener(payload);
  }
}
