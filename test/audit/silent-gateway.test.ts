/** A gateway that falls silent in the middle of a transaction keeps nobody else from writing. */
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';
import { makeStore, openStore, withPostgres } from '../helpers/stores';

withPostgres('a silent gateway', () => {
  it('loses its locks, and the kicks of others go on', async () => {
    const store = await makeStore('postgres');
    const app = await startTestApp({ DATABASE_URL: store.url! });
    const { demoUser, demoApp } = app.genauth.directory;
    const kickDemoUser = () => kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] });
    expect(await kickDemoUser()).toMatchObject({ __typename: 'KickUsersSuccess' });

    const silent = await openStore(store);
    let wake = (): void => undefined;
    let fallAsleep = (): void => undefined;
    const hasFallenAsleep = new Promise<void>((resolve) => (fallAsleep = resolve));
    const asleep = silent.transaction(async (transaction) => {
      await transaction.query('select * from audit_chains for update');
      fallAsleep();
      await new Promise<void>((resolve) => (wake = resolve));
      await transaction.query('select 1');
    });
    asleep.catch(() => undefined);
    // With the locks in its hands.
    await hasFallenAsleep;
    await eventually(kickDemoUser, (payload) => payload.__typename === 'KickUsersSuccess', 60_000);
    wake();
    // Whatever it was about to do is not done.
    await expect(asleep).rejects.toThrow();
  });
});
