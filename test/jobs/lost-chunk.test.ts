/** Chunks that come late, and chunks that nobody here can read: neither leaves a user behind, nor holds others up. */
import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { claimHeld } from '../../src/jobs/claim-held';
import { CHUNK_FORMAT } from '../../src/jobs/chunk';
import { lockCaller } from '../../src/jobs/kick-job.repository';
import { KickQueue } from '../../src/jobs/kick-queue';
import { eventually } from '../helpers/eventually';
import { kick } from '../helpers/execute';
import { makeJob } from '../helpers/make-job';
import { startTestApp, startTestEmulator } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore, withPostgres } from '../helpers/stores';
import { acceptedJob, finishedJob, newKey, startJob } from './jobs';

describeOnEachStore('a chunk', (kind) => {
  it('that has expired, and is in the hands of another gateway, claims no lines', async () => {
    const database = await openStore(await makeStore(kind));
    const queue = new KickQueue(database, { format: CHUNK_FORMAT, expiryMs: 60_000 }, pino({ level: 'silent' }));
    await queue.start(false);
    const jobId = await makeJob(database, 3);
    await database.transaction((transaction) => queue.add(transaction, [{ jobId, from: 0, to: 2 }]));
    const [late] = await queue.take(1);
    // As pg-boss does when its time is over.
    await database.query(`update pgboss.job set state = 'retry', retry_count = retry_count + 1 where id = $1`, [
      late!.id,
    ]);
    const [held] = await queue.take(1);
    const owner = randomUUID();
    expect(await claimHeld(database, held!, owner)).toHaveLength(3);
    expect(await claimHeld(database, late!, randomUUID())).toBeNull();
    // Nor is it given back by whoever comes late: it would be lost to the queue, or be handed out twice.
    await queue.giveBack(late!, { jobId, from: 1, to: 2 }, 0);
    expect(await database.query('select id, state::text as state from pgboss.job')).toEqual([
      { id: held!.id, state: 'active' },
    ]);
    expect(await database.query('select distinct owner from kick_lines where job_id = $1', [jobId])).toEqual([
      { owner },
    ]);
    await queue.stop();
  });

  it('whose lines were taken by somebody who died is worked off all the same', async () => {
    const database = await openStore(await makeStore(kind));
    const genauth = await startTestEmulator({ extraUsers: 20 });
    const app = await startTestApp({ GENAUTH_MAX_RPS: '5', GENAUTH_TIMEOUT_MS: '1000' }, genauth, database);
    const userIds = genauth.directory.users.filter(({ name }) => name.startsWith('load-')).map(({ userId }) => userId);
    const id = await acceptedJob(app, { userIds, appIds: [genauth.directory.demoApp.appId] });
    await eventually(() => genauth.receivedCount() >= 2);
    // A late claim, as one that went out before the chunk had expired.
    await database.query(`update kick_lines set owner = $2 where job_id = $1 and state = 'PENDING'`, [
      id,
      randomUUID(),
    ]);
    expect(await finishedJob(app, id)).toMatchObject({ state: 'COMPLETED', progress: { kicked: userIds.length } });
  });

  it('from before the clock of the database was set back is worked off all the same, in hand or waiting', async () => {
    const database = await openStore(await makeStore(kind));
    const queue = new KickQueue(database, { format: CHUNK_FORMAT, expiryMs: 1000 }, pino({ level: 'silent' }));
    await queue.start(false);
    const jobId = await makeJob(database, 150);
    const chunks = [0, 50, 100].map((from) => ({ jobId, from, to: from + 49 }));
    await database.transaction((transaction) => queue.add(transaction, chunks));
    // Its gateway dies.
    expect(await queue.take(1)).toMatchObject([{ from: 0 }]);
    await database.query(
      `update pgboss.job set start_after = start_after + interval '1 hour', created_on = created_on + interval '1 hour',
         started_on = started_on + interval '1 hour'`,
    );
    // When chunks of the dead were looked for last.
    await database.query(`update pgboss.version set maintained_on = now() + interval '1 hour'`);
    const taken: number[] = [];
    const takeOn = async () => {
      for (const chunk of await queue.take(6)) {
        taken.push(chunk.from);
        await queue.giveBack(chunk, null, 0);
      }
      return taken.length;
    };
    await eventually(takeOn, (count) => count === 3, 30_000);
    expect(taken).toEqual([50, 100, 0]);
    await queue.stop();
  });

  it('is held as long as the gateway needs that works on it, not as the one thought that wrote it', async () => {
    const database = await openStore(await makeStore(kind));
    const log = pino({ level: 'silent' });
    const [writer, worker] = [1000, 60_000].map((expiryMs) => new KickQueue(database, { format: CHUNK_FORMAT, expiryMs }, log)); // prettier-ignore
    await writer!.start(false);
    await worker!.start(false);
    const jobId = await makeJob(database, 3);
    await database.transaction((transaction) => writer!.add(transaction, [{ jobId, from: 0, to: 2 }]));
    expect(await worker!.take(1)).toHaveLength(1);
    const held = `select extract(epoch from expire_in)::integer as seconds from pgboss.job where state = 'active'`;
    expect(await database.query(held)).toEqual([{ seconds: 60 }]);
    await writer!.stop();
    await worker!.stop();
  });

  it('of a job that is not there stays in the queue, as its table may be the wrong one', async () => {
    const database = await openStore(await makeStore(kind));
    const app = await startTestApp({}, undefined, database);
    const chunk = { format: CHUNK_FORMAT, jobId: randomUUID(), from: 0, to: 49 };
    await database.query(
      `insert into pgboss.job (name, data, retry_limit) values ('kick-chunks', $1::text::jsonb, 9)`,
      [JSON.stringify(chunk)],
    );
    await eventually(() => app.logs.some(({ msg }) => msg === 'chunks of jobs that are not there are left alone'));
    const left = `select data from pgboss.job where name = 'kick-chunks' and state < 'completed'`;
    expect(await database.query(left)).toEqual([{ data: chunk }]);
  });

  it('of a newer release is left to its gateways, and what stands behind it goes on', async () => {
    const database = await openStore(await makeStore(kind));
    const genauth = await startTestEmulator({ extraUsers: 120 });
    const app = await startTestApp({ GENAUTH_TIMEOUT_MS: '1000' }, genauth, database);
    const strange = { format: CHUNK_FORMAT + 1, jobId: randomUUID(), ranges: [[0, 49]] };
    for (let copy = 0; copy < 10; copy++) {
      await database.query(
        `insert into pgboss.job (name, data, priority, retry_limit) values ('kick-chunks', $1::text::jsonb, 1, 1000)`,
        [JSON.stringify(strange)],
      );
    }
    const userIds = genauth.directory.users.filter(({ name }) => name.startsWith('load-')).map(({ userId }) => userId);
    const id = await acceptedJob(app, { userIds, appIds: [genauth.directory.demoApp.appId] });
    expect(await finishedJob(app, id)).toMatchObject({ progress: { kicked: userIds.length } });
    const unfinished = () =>
      database.query(`select data from pgboss.job where name = 'kick-chunks' and state < 'completed'`);
    // A job has ended with its last line; its chunk is struck off the queue just after.
    const left = await eventually(unfinished, (chunks) => chunks.length <= 10);
    expect(left).toEqual(Array.from({ length: 10 }, () => ({ data: strange })));
    expect(app.logs).toContainEqual(
      expect.objectContaining({ level: 40, msg: 'chunks of jobs of a newer release are left to its gateways' }),
    );
  });
});

withPostgres('starts of jobs that wait for their caller', () => {
  it('leave kicks the connections that they need', async () => {
    const { url } = await makeStore('postgres');
    const app = await startTestApp({ DATABASE_URL: url! });
    const { demoUser, demoApp } = app.genauth.directory;
    const other = await openStore({ url, dataDir: '' });
    const idempotencyKey = newKey();
    const start = () => startJob(app, { userIds: ['x'], appIds: ['y'], idempotencyKey });
    const starts = await other.transaction(async (transaction) => {
      await start();
      const [who] = await transaction.query<{ issuer: string; subject: string }>(
        'select issuer, subject from kick_jobs',
      );
      await lockCaller(transaction, who!.issuer, who!.subject);
      const waiting = Array.from({ length: 6 }, start);
      await eventually(async () => {
        const locks = await transaction.query(`select from pg_locks where locktype = 'advisory' and not granted`);
        return locks.length > 0;
      });
      const input = { userId: demoUser.userId, appIds: [demoApp.appId] };
      for (let round = 0; round < 5; round++) {
        expect(await kick(app, input)).toMatchObject({ __typename: 'KickUsersSuccess' });
      }
      return waiting;
    });
    for (const payload of await Promise.all(starts)) expect(payload).toMatchObject({ job: expect.anything() });
  });
});
