/** The database goes away while a gateway stops: jobs can't be handed over, and everything else is stopped all the same. */
import { createApp } from '../../src/app';
import { parseConfig } from '../../src/config';
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { execute, operation } from '../helpers/execute';
import { captureLog, environmentFor, startTestEmulator } from '../helpers/start-app';
import { makeStore, openStore } from '../helpers/stores';

it('is told, once the outcomes of what is under way are on record', async () => {
  const store = await openStore(await makeStore('embedded'));
  const gone = async (): Promise<void> => {
    throw new Error('the database has gone');
  };
  const database: Database = { ...store, listen: async () => gone };
  const genauth = await startTestEmulator();
  const { log, logs } = captureLog();
  const app = await createApp(parseConfig(environmentFor(genauth)), log, { database });
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);

  genauth.faults.next({ kind: 'delay', ms: 300 });
  const { demoUser, demoApp } = genauth.directory;
  const kick = execute(app, operation('kick-users'), { input: { userId: demoUser.userId, appIds: [demoApp.appId] } });
  await eventually(() => genauth.receivedCount() > 0);
  await expect(app.stop()).rejects.toThrow('the database has gone');

  expect((await kick).data).toMatchObject({ kickUsers: { __typename: 'KickUsersSuccess' } });
  const actions = await store.query(`select action from audit_events where action like 'KICK%' order by seq`);
  expect(actions).toEqual([{ action: 'KICK_REQUESTED' }, { action: 'KICK_SUCCEEDED' }]);
  await eventually(() => logs.some(({ msg }) => msg === 'audit head'));
  expect(unhandled).not.toHaveBeenCalled();
  process.off('unhandledRejection', unhandled);
});
