/** What the gateway has promised of its speed, and whether it holds. */
export interface Goal {
  name: string;
  /** As it was measured. */
  value: number;
  isMet: boolean;
  /** The bound, in words. */
  bound: string;
}

export const atLeast = (name: string, value: number, bound: number, unit = ''): Goal => ({
  name,
  value,
  isMet: value >= bound,
  bound: `at least ${bound}${unit}`,
});

export const below = (name: string, value: number, bound: number, unit: string): Goal => ({
  name,
  value,
  isMet: value < bound,
  bound: `under ${bound}${unit}`,
});
