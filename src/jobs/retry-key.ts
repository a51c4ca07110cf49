import { InvalidInputError } from '../errors';
import { brokenIdRule } from '../kick/id-rules.input';

/** An idempotency key that comes as an argument of its own. @throws {InvalidInputError} */
export function checkKey(idempotencyKey: string): string {
  const fault = brokenIdRule(idempotencyKey);
  if (fault === null) return idempotencyKey;
  throw new InvalidInputError([{ path: ['idempotencyKey'], message: `idempotencyKey ${fault}` }]);
}
