/** For what is remembered within bounds: before one more goes in, the first that stands there goes out, once it is full. */
export function makeRoom<Key>(entries: Map<Key, unknown> | Set<Key>, most: number): void {
  if (entries.size < most) return;
  for (const first of entries.keys()) {
    entries.delete(first);
    return;
  }
}
