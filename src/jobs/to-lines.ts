import type { NewLine } from './kick-line.repository';

/** Each user once; who is named again is answered by naming the first place. */
export function toLines(userIds: readonly string[]): NewLine[] {
  const firsts = new Map<string, number>();
  return userIds.map((userId, line) => {
    const first = firsts.get(userId);
    if (first === undefined) firsts.set(userId, line);
    return { line, userId, duplicateOf: first ?? null };
  });
}
