/** Turns class-validator's verdict into field errors: where and why, never what. */
import { validateSync, type ValidationError } from 'class-validator';
import { InvalidInputError, type InputFault } from '../errors';
import { isItemRule } from './obeys';

/** So many faults are reported of one input at most, as of one list (obeys.ts): ten thousand bad lines need no ten thousand errors. */
const MAX_FAULTS = 100;

function faultsOfRule(error: ValidationError, rule: string, message: string, parent: readonly string[]): InputFault[] {
  const contexts: Record<string, unknown> = error.contexts ?? {};
  const context = contexts[rule];
  if (!isItemRule(context) || !Array.isArray(error.value)) return [{ path: [...parent, error.property], message }];
  const faults = context.findFaults(error.property, error.value, error.target ?? {});
  return faults.map(({ path, message: why }) => ({ path: [...parent, ...path], message: why }));
}

function toFaults(errors: readonly ValidationError[], parent: readonly string[]): InputFault[] {
  return errors.flatMap((error) => {
    const rules = Object.entries(error.constraints ?? {});
    const own = rules.flatMap(([rule, message]) => faultsOfRule(error, rule, message, parent));
    return [...own, ...toFaults(error.children ?? [], [...parent, error.property])];
  });
}

/**
 * type-graphql's `validateFn`: checks every argument that is an input object.
 * @throws {InvalidInputError} naming the broken rules, in the order of the input's fields
 */
export function validateInput(argument: unknown): void {
  if (typeof argument !== 'object' || argument === null) return;
  // No rule waits for anything, so neither does the caller.
  const errors = validateSync(argument, {
    // The rules need the values to find the items at fault; they don't leave this function.
    validationError: { target: true, value: true },
    // GraphQL has refused unknown fields and enforced non-null ones already.
    whitelist: false,
    forbidUnknownValues: true,
    skipMissingProperties: true,
  });
  if (errors.length > 0) throw new InvalidInputError(toFaults(errors, []).slice(0, MAX_FAULTS));
}
