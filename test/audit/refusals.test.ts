/** Refusals are recorded, and can't be used to crowd out what was done: one record a request, and a room of their own. */
import { LOSSES } from '../../src/observability/metrics';
import type { Database } from '../../src/store/database';
import { eventually } from '../helpers/eventually';
import { execute, kick, operation } from '../helpers/execute';
import { startTestIssuer } from '../helpers/issuer';
import { scrape } from '../helpers/scrape';
import { startTestApp } from '../helpers/start-app';
import { makeStore, openStore } from '../helpers/stores';

const NO_JOB = '00000000-0000-4000-8000-000000000000';
const JOBS = '{ kickJobs { edges { cursor } } }';
const ALIASES = Array.from({ length: 20 }, (_, index) => `a${index}: kickJob(id: "${NO_JOB}") { id }`).join(' ');

/** A database that takes no records while `isFull`. */
function fillable(database: Database) {
  const disk = { isFull: false };
  const check = (isWriting: boolean): void => {
    if (isWriting && disk.isFull) throw new Error('disk full');
  };
  const store: Database = {
    ...database,
    query: async (sql, parameters) => {
      check(sql.includes('insert into audit_events'));
      return database.query(sql, parameters);
    },
    transaction: async (work) => {
      check(true);
      return database.transaction(work);
    },
  };
  return { disk, store };
}

async function start() {
  const issuer = await startTestIssuer('ES256');
  const { disk, store } = fillable(await openStore(await makeStore('embedded')));
  const app = await startTestApp({ ...issuer.environment, AUDIT_REQUIRED: 'false' }, undefined, store);
  const tokenOf = async (sub: string, scope: string) => ({ token: await issuer.issue({ sub, scope }) });
  const niels = await tokenOf('niels', 'openid');
  const olga = await tokenOf('olga', 'users:kick kicks:read');
  const recordsOf = async (filter: object) => {
    const { data } = await execute(app, operation('audit-events'), { first: 100, ...filter }, olga);
    return data.auditEvents.edges.map(({ node }: { node: object }) => node);
  };
  return { app, disk, niels, olga, recordsOf };
}

it('a request has one record, however many fields are refused', async () => {
  const { app, niels, recordsOf } = await start();
  const one = await execute(app, `{ ${ALIASES} }`, {}, niels);
  expect([one.status, one.errors?.length]).toEqual([403, 20]);
  expect(await recordsOf({ actor: 'niels' })).toMatchObject([
    { action: 'FORBIDDEN', requestId: one.headers.get('x-request-id'), details: JSON.stringify({ field: 'kickJob' }) },
  ]);

  const two = await execute(app, `{ ${ALIASES} kickJobs { edges { cursor } } }`, {}, niels);
  expect(two.status).toBe(403);
  const [record, ...others] = await recordsOf({ actor: 'niels' });
  expect(others).toHaveLength(1);
  expect(record).toMatchObject({ action: 'FORBIDDEN', requestId: two.headers.get('x-request-id') });
  expect(JSON.parse(record.details)).toEqual({ fields: ['kickJob', 'kickJobs'] });

  // Whichever of them comes first, and whether or not it may be null.
  const turned = '{ auditEvents { edges { cursor } } kickJob(id: "j") { id } }';
  await execute(app, turned, {}, niels);
  const [latest] = await recordsOf({ actor: 'niels' });
  expect(JSON.parse(latest.details).fields.sort()).toEqual(['auditEvents', 'kickJob']);
});

it('while no record can be written, a thousand refusals wait, and what is done has room all the same', async () => {
  const { app, disk, niels, olga, recordsOf } = await start();
  disk.isFull = true;
  const refused = async (): Promise<void> => {
    for (let round = 0; round < 120; round++) {
      expect((await execute(app, JOBS, {}, niels)).status).toBe(403);
    }
  };
  await Promise.all(Array.from({ length: 10 }, refused));
  const lost = () => app.logs.filter(({ msg }) => msg === 'audit record lost');
  expect(lost()).toHaveLength(200);
  for (const line of lost())
    expect(line).toMatchObject({ level: 50, action: 'FORBIDDEN', actor: 'niels', why: 'no_room' });
  const losses = async () => {
    const { value } = await scrape(app);
    return LOSSES.map((reason) => [reason, value('kick_gateway_audit_records_lost_total', { reason })]);
  };
  const none = { no_room: 0, refused: 0, ended: 0, not_required: 0 };
  expect(Object.fromEntries(await losses())).toEqual({ ...none, no_room: 200 });

  const { demoUser, demoApp } = app.genauth.directory;
  const payload = await kick(app, { userId: demoUser.userId, appIds: [demoApp.appId] }, olga);
  expect(payload).toMatchObject({ __typename: 'KickUsersSuccess' });
  expect(Object.fromEntries(await losses())).toEqual({ ...none, no_room: 200, not_required: 1 });
  disk.isFull = false;
  await eventually(() => app.logs.some(({ msg }) => msg === 'audit records are written again'));
  await eventually(() => recordsOf({ actor: 'olga' }), (records) => records.length > 0); // prettier-ignore
  expect(await recordsOf({ actor: 'olga' })).toMatchObject([{ action: 'KICK_SUCCEEDED', follows: payload.auditId }]);
  expect(lost()).toHaveLength(200);

  // There is room for refusals again.
  const { headers } = await execute(app, JOBS, {}, niels);
  expect(await recordsOf({ actor: 'niels', first: 1 })).toMatchObject([{ requestId: headers.get('x-request-id') }]);
});
