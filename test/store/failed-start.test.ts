/** A gateway that can't start leaves nothing open: another one in the same process can have all that it had. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createApp } from '../../src/app';
import { parseConfig } from '../../src/config';
import { openDatabase, type StoreOptions } from '../../src/store/open-database';
import { PRODUCT } from '../../src/product';
import { atEnd } from '../helpers/at-end';
import { eventually } from '../helpers/eventually';
import { freePort } from '../helpers/free-port';
import { environmentOf } from '../helpers/gateway-process';
import { captureLog, environmentFor, startTestApp, startTestEmulator } from '../helpers/start-app';
import { describeOnEachStore, makeStore } from '../helpers/stores';
import { acceptedJob } from '../jobs/jobs';

async function takenPort(): Promise<string> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  atEnd(async () => {
    other.close();
  });
  return String((other.address() as AddressInfo).port);
}

const { log } = captureLog();

/** The one that is left of this test's own. */
async function sessionsOf(store: StoreOptions): Promise<number> {
  const database = await openDatabase(store, log);
  try {
    const rows = await database.query(
      `select pid from pg_stat_activity
       where datname = current_database() and application_name = $1 and pid <> pg_backend_pid()`,
      [PRODUCT.name],
    );
    return rows.length;
  } finally {
    await database.stop();
  }
}

describeOnEachStore('a start that fails', (kind) => {
  /** An unfinished job of a release that nobody knows. */
  async function leaveStrangeJob(store: StoreOptions): Promise<void> {
    const app = await startTestApp({ ...environmentOf(store), GENAUTH_MAX_RPS: '1' });
    const userIds = Array.from({ length: 20 }, (_, index) => `stranger-${index}`);
    await acceptedJob(app, { userIds, appIds: [app.genauth.directory.demoApp.appId] });
    await app.stop();
    const database = await openDatabase(store, log);
    await database.query('update kick_jobs set format = 99');
    await database.stop();
  }

  it.each<[string, (store: StoreOptions) => Promise<Record<string, string>>, RegExp]>([
    ['jobs', async (store) => leaveStrangeJob(store).then(() => ({})), /in a format that this release doesn't know/],
    ['its port', async () => ({ PORT: await takenPort() }), /EADDRINUSE/],
    ['the port of its metrics', async () => ({ METRICS_PORT: await takenPort() }), /METRICS_PORT is taken/],
  ])('for %s', async (_, prepare, fault) => {
    const store = await makeStore(kind);
    const PORT = String(await freePort());
    const change = await prepare(store);
    const genauth = await startTestEmulator();
    const config = parseConfig({ ...environmentFor(genauth), ...environmentOf(store), PORT, ...change });
    await expect(createApp(config, log)).rejects.toThrow(fault);
    if (kind === 'postgres')
      await eventually(() => sessionsOf(store), (count) => count === 0); // prettier-ignore
    else expect(await sessionsOf(store)).toBe(0);
    const nobody = createServer().listen(Number(PORT), '127.0.0.1');
    await once(nobody, 'listening');
    nobody.close();
  });
});
