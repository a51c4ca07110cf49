/** The forms in which a secret may come back, for secrets that differ from one to the other. */
import { Redaction, WITHHELD } from '../../src/genauth/redaction';

const SECRET = 'a"b\\c d/é';
const redaction = new Redaction([SECRET]);

it.each([
  ['as it is', SECRET],
  ['in JSON', JSON.stringify({ secret: SECRET })],
  ['in a URL', `/?secret=${encodeURIComponent(SECRET)}`],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['in JSON of nothing but ASCII', '{"secret":"a\\"b\\\\c d/\\u00E9"}'],
  ['in JSON without slashes', JSON.stringify({ secret: SECRET }).replaceAll('/', '\\/')],
  ['in JSON as PHP writes it', '{"secret":"a\\"b\\\\c d\\/\\u00e9"}'],
  ['in base64 for URLs', Buffer.from(SECRET).toString('base64url')],
  ['in base64 without its padding', Buffer.from(SECRET).toString('base64').replace(/=+$/, '')],
])('a secret %s is withheld', (_, text) => {
  expect(text.includes(SECRET)).toBe(text === SECRET);
  expect(redaction.message(`refused: ${text}`)).toBe(WITHHELD);
});

it('a text that only resembles it is passed on', () => {
  expect(redaction.message('a"b c d is refused')).toBe('a"b c d is refused');
});

it.each([
  ['as it is', 'XbRV4Np31xD/O5sxAB13HMd+1bI='],
  ['in JSON without slashes', 'XbRV4Np31xD\\/O5sxAB13HMd+1bI='],
  ['in a URL', 'XbRV4Np31xD%2FO5sxAB13HMd%2B1bI%3D'],
  ['in base64 for URLs', 'XbRV4Np31xD_O5sxAB13HMd-1bI'],
])('a signature %s is withheld', (_, text) => {
  const signed = redaction.with(['XbRV4Np31xD/O5sxAB13HMd+1bI=']);
  expect(signed.message(`bad signature ${text}`)).toBe(WITHHELD);
  expect(signed.message('bad signature XbRV4Np31xD')).not.toBe(WITHHELD);
});
