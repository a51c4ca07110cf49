/** The most of these times that lie within one second. */
export function mostInASecond(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  const sorted = [...times].sort((a, b) => a - b);
  for (const [i, time] of sorted.entries()) {
    while (time - (sorted[first] ?? 0) >= 1000) first++;
    most = Math.max(most, i - first + 1);
  }
  return most;
}
