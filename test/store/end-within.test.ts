import { endWithin } from '../../src/store/end-within';

it('goes without the goodbye of a server that is frozen', async () => {
  await expect(endWithin({ end: () => new Promise(() => undefined) })).resolves.toBeUndefined();
});

it('waits for one that answers, and tells of one that fails', async () => {
  let hasEnded = false;
  await endWithin({ end: async () => void (hasEnded = true) });
  expect(hasEnded).toBe(true);
  await expect(endWithin({ end: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
});
