/** How many connections a busy gateway has: twenty of them share a PostgreSQL that is as it comes. */
import { Client } from 'pg';
import { atEnd } from '../helpers/at-end';
import { execute, operation } from '../helpers/execute';
import { startTestApp } from '../helpers/start-app';
import { makeStore, withPostgres } from '../helpers/stores';
import { acceptedJob, finishedJob } from '../jobs/jobs';

/** `max_connections` less `superuser_reserved_connections`, by default, over twenty gateways. */
const MOST = Math.floor(97 / 20);

withPostgres('a gateway with much to do', () => {
  it('keeps to its few connections', async () => {
    const { url } = await makeStore('postgres');
    const app = await startTestApp({ DATABASE_URL: url! });
    const observer = new Client({ connectionString: url! });
    await observer.connect();
    atEnd(() => observer.end());
    const count = async () => {
      const { rows } = await observer.query<{ open: number }>(
        `select count(*)::integer as open from pg_stat_activity
         where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      return rows[0]!.open;
    };
    const { appId } = app.genauth.directory.demoApp;
    const id = await acceptedJob(app, {
      userIds: Array.from({ length: 1000 }, (_, index) => `stranger-${index}`),
      appIds: [appId],
    });

    let isBusy = true;
    const counts: number[] = [];
    const counting = (async () => {
      while (isBusy) counts.push(await count());
    })();
    const kick = (index: number) =>
      execute(app, operation('kick-users'), { input: { userId: `other-${index}`, appIds: [appId] } });
    const reads = () => execute(app, operation('kick-job'), { id, first: 100 });
    await Promise.all(Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? reads() : kick(index))));
    await finishedJob(app, id);
    isBusy = false;
    await counting;

    const most = Math.max(...counts);
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(MOST);
  });
});
