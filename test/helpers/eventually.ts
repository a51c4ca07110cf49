import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for a condition instead of for a time.
 * @param describe says what was there instead, when it never came true
 */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  isTrue: (value: T) => boolean = Boolean,
  timeoutMs = 30_000,
  everyMs = 10,
): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (isTrue(value)) return value;
    if (performance.now() > endsAt) throw new Error(`Never came true; last seen: ${JSON.stringify(value)}`);
    await delay(everyMs);
  }
}
