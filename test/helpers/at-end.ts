/** What a test file started, ended with it: the last one first, so that nothing loses what it stands on. */

const ends: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Ends something when the test file is through. */
export const atEnd = (end: () => Promise<void>): void => void ends.push(end);
