/** The forms in which a secret may come back, for secrets that differ from one to the other. */
import { Redaction, WITHHELD } from '../../src/genauth/redaction';

const SECRET = 'a"b\\c d';
const redaction = new Redaction([SECRET]);

it.each([
  ['as it is', SECRET],
  ['in JSON', JSON.stringify({ secret: SECRET })],
  ['in a URL', `/?secret=${encodeURIComponent(SECRET)}`],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['in base64 without its padding', Buffer.from(SECRET).toString('base64').replace(/=+$/, '')],
])('a secret %s is withheld', (_, text) => {
  expect(text.includes(SECRET)).toBe(text === SECRET);
  expect(redaction.message(`refused: ${text}`)).toBe(WITHHELD);
});

it('a text that only resembles it is passed on', () => {
  expect(redaction.message('a"b c d is refused')).toBe('a"b c d is refused');
});
