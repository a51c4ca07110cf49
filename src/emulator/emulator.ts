import { randomBytes } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { authenticate } from './authenticate';
import { langOf, readCall } from './call';
import type { Directory } from './directory';
import { answerWith, throttled } from './envelope';
import { injectFault } from './fault-injection';
import { Faults } from './faults';
import { NonceMemory } from './nonces';
import { DEFAULT_OPTIONS, type EmulatorOptions } from './options';
import { ReceivedLog, type ReceivedCall } from './received';
import { dispatch } from './routes';
import { seedDirectory } from './seed';
import { Throttle } from './throttle';
import { writeAnswer } from './write-answer';

/** A running stand-in for GenAuth's management API. */
export interface Emulator {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Users, apps and live sessions; tests may change them. */
  readonly directory: Directory;
  /** What goes wrong, and when. */
  readonly faults: Faults;
  /** The last calls, newest last; bounded, see `receivedLimit`. */
  readonly received: readonly ReceivedCall[];
  /** How many calls of the path, or of all paths, have arrived; exact even when `received` has been cut. */
  receivedCount(path?: string): number;
  clearReceived(): void;
  /** Closes at once, hanging connections included. May be called twice. */
  stop(): Promise<void>;
}

/** Starts an emulator of its own state; rejects when it can't listen. */
export async function startEmulator(overrides: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const keys = { accessKeyId: randomBytes(12).toString('hex'), accessKeySecret: randomBytes(16).toString('hex') };
  const options: EmulatorOptions = { ...DEFAULT_OPTIONS, ...keys, ...overrides };
  const directory = seedDirectory(options);
  const faults = new Faults(options.random);
  const log = new ReceivedLog(options.receivedLimit);
  const stopping = new AbortController();
  // Each answer that is held back waits for it.
  setMaxListeners(0, stopping.signal);

  const handle = createHandler(options, directory, faults, log, stopping.signal);
  const server = createServer((request, response) => {
    // Only stopping makes a call fail here, and then its connection is closed anyway.
    handle(request, response).catch(() => response.destroy());
  });
  // A short keep-alive would close idle connections under the feet of pooled clients, a fault that nobody asked for.
  server.keepAliveTimeout = 65_000;
  server.listen(options.port, options.host);
  await once(server, 'listening');

  return {
    url: urlOf(server),
    accessKeyId: options.accessKeyId,
    accessKeySecret: options.accessKeySecret,
    directory,
    faults,
    received: log.calls,
    receivedCount: (path) => log.count(path),
    clearReceived: () => log.clear(),
    stop: async () => {
      stopping.abort();
      await close(server);
    },
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

function createHandler(
  options: EmulatorOptions,
  directory: Directory,
  faults: Faults,
  log: ReceivedLog,
  signal: AbortSignal,
): Handler {
  const nonces = new NonceMemory(options.nonceRetentionMs, options.maxNonces);
  const throttle = new Throttle(options.maxRequestsPerSecond);
  return async (request, response) => {
    const call = await readCall(request, options.maxBodyBytes, options.now);
    if (call === null) return;
    // Before throttle and faults, so that a nonce is used up however the call ends: a client that repeats one is found out.
    const authentication = authenticate(call, options, nonces);
    log.add({ ...call, signatureValid: authentication.signatureValid });
    if (!throttle.accepts(call.at)) {
      return writeAnswer(response, throttled(langOf(call.headers), options.retryAfterSeconds));
    }
    const carryOut = () => answerWith(dispatch(call, authentication, { directory, options }));
    const fault = faults.take(call.path);
    if (fault === undefined) return writeAnswer(response, carryOut());
    return injectFault(fault, { call, response, keys: options, carryOut, signal });
  };
}

function urlOf(server: Server): string {
  const address = server.address();
  if (!isAddressInfo(address)) throw new Error('The emulator listens on a TCP port only.');
  const host = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[address.address] ?? address.address;
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${address.port}`;
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
