/** The issuer's keys: fetched, kept, followed when they rotate, and given up when they were not confirmed for too long. */
import { createLocalJWKSet, type LocalJWKSet } from 'jose/jwks/local';
import type { Logger } from '../observability/logger';
import { canVerify } from './can-verify';
import { fetchKeys, KeysUnavailableError, type KeySource } from './fetch-keys';

/** So old may a withdrawn key become before it is noticed. Milliseconds. */
const REFRESH_MS = 10 * 60_000;
/** Between tries while the issuer can't be asked. Milliseconds. */
const RETRY_MS = 5000;
/** Between looks for a key that a token names and nobody knows: anybody can make up such a name. Milliseconds. */
const COOL_DOWN_MS = 5000;
/** So long do the last known keys serve while the issuer can't be asked. Milliseconds. */
const MAX_AGE_MS = 24 * 3_600_000;
/** How often it is looked whether something is due. Milliseconds. */
const TICK_MS = 1000;

/** Chooses the key that fits a token's header. A new object for new keys, the same one for the same keys. */
export type KeySet = LocalJWKSet;

interface Known {
  keys: KeySet;
  json: string;
  /** Of the last time when the issuer confirmed them. */
  confirmedAtMs: number;
}

/** `stale`: the issuer can't be asked, and those known last serve on. `unavailable`: there are none, and nobody gets in. */
export type KeysState = 'fresh' | 'stale' | 'unavailable';

export class SigningKeys {
  private known: Known | null = null;
  private pending: Promise<void> | null = null;
  private isFailing = false;
  private dueAtMs = 0;
  private coolUntilMs = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly source: KeySource,
    private readonly log: Logger,
  ) {}

  /** Null: there are none to judge a token by, so none may pass. */
  get current(): KeySet | null {
    if (this.known === null || performance.now() - this.known.confirmedAtMs > MAX_AGE_MS) return null;
    return this.known.keys;
  }

  /** What those who look after the gateway should know. */
  get state(): KeysState {
    if (this.current === null) return 'unavailable';
    return this.isFailing ? 'stale' : 'fresh';
  }

  /** Fetches the keys, and again every ten minutes. Resolves also when they can't be had: the gateway starts anyway. */
  async start(): Promise<void> {
    this.timer = setInterval(() => {
      if (performance.now() >= this.dueAtMs) void this.refresh();
    }, TICK_MS).unref();
    await this.refresh();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** Looks whether the issuer has newer keys, unless that was done a moment ago. Answers what there is then. */
  async seekNewer(): Promise<KeySet | null> {
    if (this.pending === null && performance.now() < this.coolUntilMs) return this.current;
    await this.refresh();
    this.coolUntilMs = performance.now() + COOL_DOWN_MS;
    return this.current;
  }

  /** All who ask at the same time share one look. */
  private refresh(): Promise<void> {
    return (this.pending ??= this.load().finally(() => (this.pending = null)));
  }

  private async load(): Promise<void> {
    try {
      const document = await fetchKeys(this.source);
      if (!canVerify(document)) {
        // An answer, and a clear one: all that were known are withdrawn.
        this.known = null;
        throw new KeysUnavailableError('the key set has no key for signatures');
      }
      const json = JSON.stringify(document);
      const keys = this.known?.json === json ? this.known.keys : createLocalJWKSet(document);
      this.known = { keys, json, confirmedAtMs: performance.now() };
      if (this.isFailing) this.log.info("the issuer's keys are back");
      this.isFailing = false;
      this.dueAtMs = performance.now() + REFRESH_MS;
    } catch (error) {
      this.isFailing = true;
      this.dueAtMs = performance.now() + RETRY_MS;
      this.report(error);
    }
  }

  private report(error: unknown): void {
    const reason = error instanceof KeysUnavailableError ? error.message : 'the key set cannot be used';
    if (this.current === null) {
      this.log.error({ reason }, "the issuer's keys cannot be had and none are known: every caller is refused");
    } else this.log.warn({ reason }, "the issuer's keys cannot be had; the last known ones serve on");
  }
}
