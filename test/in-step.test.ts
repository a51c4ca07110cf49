/** Requests that go on together: all of them, in their order and in rows, and none because of another. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createStep } from '../src/in-step';
import { execute, kick } from './helpers/execute';
import { startTestApp } from './helpers/start-app';

it('those of one turn go on in the order in which they came; those who come meanwhile go with the next', async () => {
  const inStep = createStep();
  const seen: string[] = [];
  const come = async (name: string, then: () => void = () => undefined): Promise<void> => {
    await inStep();
    seen.push(name);
    then();
  };
  let late: Promise<void> | undefined;
  const lateOne = (): void => void (late = come('late'));
  const all = [come('one', lateOne), come('two'), come('three')];
  expect(seen).toEqual([]);
  await nextTurn();
  await Promise.all(all);
  expect(seen).toEqual(['one', 'two', 'three']);
  await late;
  expect(seen).toEqual(['one', 'two', 'three', 'late']);
});

it('a crowd goes on in rows of 32, one a turn; the first need not wait for the last, and nobody overtakes', async () => {
  const inStep = createStep();
  const seen: number[] = [];
  const come = (index: number) => inStep().then(() => void seen.push(index));
  const crowd = Array.from({ length: 70 }, (_, index) => come(index));
  const counts: number[] = [];
  const late: Promise<void>[] = [];
  for (let turn = 0; turn < 3; turn++) {
    await nextTurn();
    counts.push(seen.length);
    if (turn === 0) late.push(come(70));
  }
  await Promise.all([...crowd, ...late]);
  expect(counts).toEqual([32, 64, 71]);
  expect(seen).toEqual(Array.from({ length: 71 }, (_, index) => index));
});

it('one that fails stops none of the others', async () => {
  const inStep = createStep();
  const fail = async (): Promise<void> => {
    await inStep();
    throw new Error('failed');
  };
  expect(await Promise.allSettled([fail(), inStep(), fail(), inStep()])).toMatchObject(
    ['rejected', 'fulfilled', 'rejected', 'fulfilled'].map((status) => ({ status })),
  );
});

it('good and bad ones that come together have each its own answer', async () => {
  const app = await startTestApp();
  const { demoUser, demoApp } = app.genauth.directory;
  const appIds = [demoApp.appId];
  const answers = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      if (index % 3 === 0) return (await execute(app, '{ nothing }')).status;
      const userId = index % 3 === 1 ? demoUser.userId : `nobody-${index}`;
      return String((await kick(app, { userId, appIds })).__typename);
    }),
  );
  expect(answers).toEqual(answers.map((_, index) => [400, 'KickUsersSuccess', 'KickUsersError'][index % 3]));
});
