/** class-validator decorators for rules that are plain functions: they answer what is wrong, or null. */
import { ValidateBy } from 'class-validator';
import type { InputFault } from '../errors';

/** Finds the faults of a list item by item. Attached to a rule as its class-validator `context`. */
export interface ItemRule {
  findFaults: (property: string, items: readonly unknown[], owner: object) => InputFault[];
}

export const isItemRule = (context: unknown): context is ItemRule =>
  typeof context === 'object' && context !== null && 'findFaults' in context;

/**
 * A rule for one text.
 * @param findFault what is wrong, beginning with "must", or null
 */
export function Obeys(name: string, findFault: (value: string, owner: object) => string | null): PropertyDecorator {
  const broken = (value: unknown, owner: object): string | null =>
    typeof value === 'string' ? findFault(value, owner) : 'must be a text';
  return ValidateBy({
    name,
    validator: {
      validate: (value: unknown, args) => broken(value, args?.object ?? {}) === null,
      defaultMessage: (args) => `$property ${broken(args?.value, args?.object ?? {}) ?? ''}`,
    },
  });
}

/** A longer list breaks a rule about its length, wherever it stands; its items are not looked at. */
const MAX_ITEMS = 10_000;
/** So many faults of a list are found at most. */
const MAX_FAULTS = 100;

/**
 * A rule for each text of a list, whose faults are reported item by item (`["appIds", "3"]`): class-validator's own
 * `each` only says that some item is wrong, which is no help with a list of ten thousand.
 */
export function EachObeys(
  name: string,
  findFault: (item: string, owner: object, index: number, items: readonly unknown[]) => string | null,
): PropertyDecorator {
  const findFaults: ItemRule['findFaults'] = (property, items, owner) => {
    const faults: InputFault[] = [];
    if (items.length > MAX_ITEMS) return faults;
    for (const [index, item] of items.entries()) {
      const fault = typeof item === 'string' ? findFault(item, owner, index, items) : 'must be a text';
      if (fault === null) continue;
      faults.push({ path: [property, String(index)], message: `${property}[${index}] ${fault}` });
      if (faults.length >= MAX_FAULTS) break;
    }
    return faults;
  };
  const rule: ItemRule = { findFaults };
  return ValidateBy(
    {
      name,
      validator: {
        validate: (value: unknown, args) =>
          Array.isArray(value) && findFaults('', value, args?.object ?? {}).length === 0,
        defaultMessage: () => '$property must be a list of texts',
      },
    },
    { context: rule },
  );
}

/** Shorter lists are searched: to remember one takes longer. */
const SHORT = 50;

/** For EachObeys: every text once. One map for each list, not one search for each item. */
export function notRepeated(): (
  item: string,
  owner: object,
  index: number,
  items: readonly unknown[],
) => string | null {
  const firstIndexes = new WeakMap<readonly unknown[], Map<unknown, number>>();
  const findFirst = (item: string, items: readonly unknown[]): number | undefined => {
    if (items.length <= SHORT) return items.indexOf(item);
    let firsts = firstIndexes.get(items);
    if (firsts === undefined) {
      firsts = new Map(items.map((value, position) => [value, position] as const).reverse());
      firstIndexes.set(items, firsts);
    }
    return firsts.get(item);
  };
  return (item, _owner, index, items) => {
    const first = findFirst(item, items) ?? index;
    return first === index ? null : `must not repeat item ${first}`;
  };
}
