/** Tokens that were found good a moment ago: for a minute, never past their end, never past their keys, and not as they are. */
import { inspect } from 'node:util';
import type { Principal } from '../../src/auth/principal';
import type { KeySet } from '../../src/auth/signing-keys';
import { VerifiedTokens } from '../../src/auth/verified-tokens';

const TOKEN = 'header.payload.signature';
const KEYS = {} as KeySet;
const PRINCIPAL = { issuer: 'i', subject: 's', scopes: new Set() } as unknown as Principal;
const NOW = Date.parse('2026-11-24T03:00:00Z');
const HOUR = 3600;

let nowMs: number;
beforeEach(() => {
  nowMs = NOW;
  jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
});
afterEach(() => jest.restoreAllMocks());

const remembering = (expiresAt = NOW / 1000 + HOUR): VerifiedTokens => {
  const tokens = new VerifiedTokens();
  tokens.remember(TOKEN, KEYS, PRINCIPAL, expiresAt);
  return tokens;
};

it('are found by nothing but themselves, while the keys are the same', () => {
  const tokens = remembering();
  expect(tokens.find(TOKEN, KEYS)).toBe(PRINCIPAL);
  expect(tokens.find(`${TOKEN}x`, KEYS)).toBeNull();
  expect(tokens.find(TOKEN, {} as KeySet)).toBeNull();
});

it.each([
  ['a minute', HOUR, 60],
  ['their own time, where that is shorter', 10, 10],
])('are good for %s', (_name, seconds, expected) => {
  const tokens = remembering(NOW / 1000 + seconds);
  nowMs = NOW + expected * 1000 - 1;
  expect(tokens.find(TOKEN, KEYS)).toBe(PRINCIPAL);
  nowMs++;
  expect(tokens.find(TOKEN, KEYS)).toBeNull();
});

it('stand nowhere as they are: whoever reads the memory finds none', () => {
  const seen = inspect(remembering(), { depth: Infinity, showHidden: true });
  expect(seen).toContain('entries');
  expect(seen).not.toContain('signature');
});

it('are ten thousand at most, the oldest of which goes first', () => {
  const tokens = remembering();
  for (let more = 1; more < 10_000; more++) tokens.remember(`token ${more}`, KEYS, PRINCIPAL, NOW / 1000 + HOUR);
  expect(tokens.find(TOKEN, KEYS)).toBe(PRINCIPAL);
  tokens.remember('one more', KEYS, PRINCIPAL, NOW / 1000 + HOUR);
  expect([tokens.find(TOKEN, KEYS), tokens.find('token 1', KEYS)]).toEqual([null, PRINCIPAL]);
});
