/** Tokens that were found good a moment ago: looking one up costs microseconds, checking it a hundred times as much. */
import { hash } from 'node:crypto';
import { makeRoom } from '../make-room';
import type { Principal } from './principal';
import type { KeySet } from './signing-keys';

const MAX_TOKENS = 10_000;
/** Milliseconds. */
const MAX_AGE_MS = 60_000;

interface Verified {
  principal: Principal;
  /** The verdict stands only as long as these keys do. */
  keys: KeySet;
  untilMs: number;
}

export class VerifiedTokens {
  /** By digest, oldest first: a heap dump gives no tokens away. */
  private readonly entries = new Map<string, Verified>();

  find(token: string, keys: KeySet): Principal | null {
    const entry = this.entries.get(digestOf(token));
    return entry !== undefined && entry.keys === keys && Date.now() < entry.untilMs ? entry.principal : null;
  }

  /** @param expiresAt the token's `exp`, in seconds since 1970: it is not remembered any longer */
  remember(token: string, keys: KeySet, principal: Principal, expiresAt: number): void {
    const untilMs = Math.min(expiresAt * 1000, Date.now() + MAX_AGE_MS);
    const digest = digestOf(token);
    // Deleted first, so that it counts as new.
    this.entries.delete(digest);
    makeRoom(this.entries, MAX_TOKENS);
    this.entries.set(digest, { principal, keys, untilMs });
  }
}

const digestOf = (token: string): string => hash('sha256', token, 'base64');
