/** The record of kicks: what stands in it, when it is written, and who may read it. On both stores. */
import { randomUUID } from 'node:crypto';
import { AuditLog } from '../../src/audit/audit-log';
import { eventually } from '../helpers/eventually';
import { execute, kick, operation } from '../helpers/execute';
import { captureLog, startTestApp, startTestEmulator, type TestApp } from '../helpers/start-app';
import { describeOnEachStore, makeStore, openStore } from '../helpers/stores';
import type { Database } from '../../src/store/database';

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const SOMEBODY = { actor: 'alice', issuer: 'https://issuer.example.com', requestId: 'r' };
const targetOf = ({ genauth: { directory } }: TestApp, user = 0) => ({
  userId: directory.users[user]!.userId,
  appIds: [directory.demoApp.appId],
});

async function events(app: TestApp, filter: Record<string, unknown> = {}) {
  const { data, errors } = await execute(app, operation('audit-events'), filter);
  expect(errors).toBeUndefined();
  return data.auditEvents.edges.map(({ node }: { node: unknown }) => node);
}

describeOnEachStore('the audit trail', (kind) => {
  let database: Database;
  let app: TestApp;
  beforeAll(async () => {
    database = await openStore(await makeStore(kind));
    app = await startTestApp({}, undefined, database);
  });

  it('has a record before each kick and one of its outcome, with everything that is known', async () => {
    const input = { ...targetOf(app), reason: 'LEAKED_CREDENTIAL', ticket: 'INC-1' };
    const payload = await kick(app, input, { headers: { 'x-request-id': 'request-1' } });
    const [outcome, requested] = await events(app, { userId: input.userId });
    const asked = {
      actor: 'developer',
      issuer: 'local',
      requestId: 'request-1',
      jobId: null,
      reason: 'LEAKED_CREDENTIAL',
      ticket: 'INC-1',
      target: { userIdType: 'USER_ID', userId: input.userId },
      appIds: input.appIds,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      code: null,
      mayHaveTakenEffect: null,
      details: null,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    };
    expect(requested).toEqual({
      ...asked,
      id: payload.auditId,
      action: 'KICK_REQUESTED',
      follows: null,
      succeeded: null,
      upstreamRequestId: null,
      durationMs: null,
    });
    expect(outcome).toEqual({
      ...asked,
      id: expect.stringMatching(UUID),
      action: 'KICK_SUCCEEDED',
      follows: payload.auditId,
      succeeded: true,
      upstreamRequestId: payload.requestId,
      durationMs: expect.any(Number),
    });
  });

  it('names records by their time, so that later ones stand behind earlier ones in the index', async () => {
    const requests: string[] = [];
    for (let kicks = 0; kicks < 3; kicks++) requests.push((await kick(app, targetOf(app))).auditId);
    const records: { id: string; time: string; follows: string }[] = await events(app);
    const ids = requests.flatMap((request) => [request, records.find(({ follows }) => follows === request)!.id]);
    expect(ids).toEqual([...ids].sort());
    for (const { id, time } of records.filter((record) => ids.includes(record.id))) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      const named = parseInt(id.replaceAll('-', '').slice(0, 12), 16);
      expect(Math.abs(named - Date.parse(time))).toBeLessThan(1000);
    }
  });

  it('tells of a failure with its code, and whether it may have taken effect', async () => {
    const input = targetOf(app, 1);
    app.genauth.faults.next({ kind: 'envelope', statusCode: 601, requestId: 'genauth-1' });
    const payload = await kick(app, input);
    expect(await events(app, { userId: input.userId })).toMatchObject([
      {
        action: 'KICK_FAILED',
        follows: payload.failureAuditId,
        succeeded: false,
        code: 'REJECTED',
        mayHaveTakenEffect: true,
        upstreamRequestId: 'genauth-1',
      },
      { action: 'KICK_REQUESTED', id: payload.failureAuditId },
    ]);
  });

  it('has no record of refused input, and none is named', async () => {
    const before = await events(app);
    const payload = await kick(app, { userId: ' ', appIds: [] });
    expect(payload).toMatchObject({ code: 'INVALID_INPUT', failureAuditId: null });
    expect(await events(app)).toEqual(before);
  });

  it('has the request before GenAuth is called', async () => {
    const input = targetOf(app, 2);
    app.genauth.faults.next({ kind: 'delay', ms: 3000 });
    const before = app.genauth.receivedCount();
    const underWay = kick(app, input);
    await eventually(() => app.genauth.receivedCount() > before);
    expect(await events(app, { userId: input.userId })).toMatchObject([{ action: 'KICK_REQUESTED' }]);
    await underWay;
  });

  it('is paged newest first, and filtered by actor, user and job', async () => {
    // More than ten: positions are numbers, and 10 comes after 9.
    for (let round = 0; round < 6; round++) await kick(app, targetOf(app, round));
    await eventually(async () => (await events(app, { first: 13 })).length === 13);
    const all = [];
    let after: string | null = null;
    for (;;) {
      const { data }: { data: any } = await execute(app, operation('audit-events'), { first: 2, after }); // eslint-disable-line @typescript-eslint/no-explicit-any
      all.push(...data.auditEvents.edges);
      expect(data.auditEvents.pageInfo.hasPreviousPage).toBe(after !== null);
      if (!data.auditEvents.pageInfo.hasNextPage) break;
      after = data.auditEvents.pageInfo.endCursor;
    }
    expect(all.map(({ node }) => node)).toEqual(await events(app, { first: 100 }));
    expect(all.at(-1).node).toMatchObject({ action: 'CHAIN_OPENED', actor: 'gateway' });
    // The first record but one was asked for before the chain was opened for it.
    const times = all.slice(0, -1).map(({ node }) => node.time);
    expect(times).toEqual(times.toSorted().reverse());
    expect(await events(app, { actor: 'gateway' })).toHaveLength(1);
    expect(await events(app, { actor: 'nobody' })).toEqual([]);
    expect(await events(app, { jobId: 'no uuid' })).toEqual([]);
    expect(await events(app, { jobId: '00000000-0000-4000-8000-000000000000' })).toEqual([]);
  });

  it.each([
    { first: 0 },
    { first: 101 },
    { first: -1 },
    { after: 'canary' },
    { after: '' },
    { after: Buffer.from('1e3').toString('base64url') },
  ])('refuses the page %j, never clamping it', async (page) => {
    const { status, errors, text } = await execute(app, operation('audit-events'), page);
    expect({ status, code: errors?.[0]?.extensions['code'] }).toEqual({ status: 400, code: 'BAD_USER_INPUT' });
    expect(text).not.toContain('canary');
  });

  it('is written together by kicks that come together', async () => {
    const own = await openStore(await makeStore(kind));
    const statements = jest.spyOn(own, 'query');
    const records = new AuditLog(own, captureLog().log);
    const write = () => records.write({ ...SOMEBODY, id: randomUUID(), action: 'KICK_REQUESTED' });
    await write();
    statements.mockClear();
    await Promise.all(Array.from({ length: 40 }, write));
    expect(statements).toHaveBeenCalledTimes(1);
    await records.stop();
  });

  it('can not be changed or emptied in the database', async () => {
    for (const sql of [
      `update audit_events set actor = 'somebody else'`,
      `update audit_events set target_id = null`,
      `update audit_events set target_id = null, target_key = null, code = 'X'`,
      `update audit_events set target_id = 'another', target_key = target_key`,
      'delete from audit_events',
      'truncate audit_events',
    ]) {
      await expect(database.query(sql)).rejects.toThrow('append-only');
    }
  });
});

describe('when the record can not be written', () => {
  const broken = async (kindOfFailure: (database: Database) => void, environment = {}) => {
    const database = await openStore(await makeStore('embedded'));
    const app = await startTestApp(environment, await startTestEmulator(), database);
    kindOfFailure(database);
    return { app, database };
  };
  const refuseInserts = (database: Database) => {
    const query = database.query;
    database.query = async (sql, parameters) => {
      if (sql.includes('insert into audit_events')) throw new Error('disk full');
      return query(sql, parameters);
    };
    database.transaction = async () => {
      throw new Error('disk full');
    };
  };

  it('nothing is done, and the caller is told so', async () => {
    const { app } = await broken(refuseInserts);
    const payload = await kick(app, targetOf(app));
    expect(payload).toMatchObject({
      __typename: 'KickUsersError',
      code: 'AUDIT_UNAVAILABLE',
      retryable: true,
      mayHaveTakenEffect: false,
      failureAuditId: null,
    });
    expect(app.genauth.receivedCount()).toBe(0);
    expect(app.logs.filter(({ msg }) => msg === 'audit records can not be written')).toHaveLength(1);
  });

  it('with AUDIT_REQUIRED=false it goes ahead, and a log line bears the id that the caller gets', async () => {
    const { app } = await broken(refuseInserts, { AUDIT_REQUIRED: 'false' });
    const payload = await kick(app, { ...targetOf(app), reason: 'OTHER', ticket: 'T-1' });
    expect(payload).toMatchObject({ __typename: 'KickUsersSuccess', auditId: expect.stringMatching(UUID) });
    expect(app.logs.filter(({ msg }) => msg === 'audit record stands in the log only')).toMatchObject([
      {
        level: 50,
        auditId: payload.auditId,
        action: 'KICK_REQUESTED',
        actor: 'developer',
        reason: 'OTHER',
        ticket: 'T-1',
      },
    ]);
    expect(JSON.stringify(app.logs)).not.toContain(targetOf(app).userId);
  });

  it('outcomes wait for the database to come back', async () => {
    const { app, database } = await broken(() => undefined);
    await kick(app, targetOf(app));
    await events(app);
    const { query, transaction } = database;
    app.genauth.faults.next({ kind: 'delay', ms: 300 });
    const underWay = kick(app, targetOf(app, 4));
    await eventually(() => app.genauth.receivedCount() === 2);
    refuseInserts(database);
    expect(await underWay).toMatchObject({ __typename: 'KickUsersSuccess' });
    await eventually(() => app.logs.some(({ msg }) => msg === 'audit records can not be written'));
    Object.assign(database, { query, transaction });
    await eventually(() => app.logs.some(({ msg }) => msg === 'audit records are written again'));
    expect(await events(app, { userId: targetOf(app, 4).userId })).toMatchObject([
      { action: 'KICK_SUCCEEDED' },
      { action: 'KICK_REQUESTED' },
    ]);
  });
});

describeOnEachStore('the trail of a newer release', (kind) => {
  it('is read on, with OTHER for words that this one does not know', async () => {
    const database = await openStore(await makeStore(kind));
    const app = await startTestApp({}, undefined, database);
    await database.query(
      `insert into audit_events (id, chain, seq, time, action, actor, issuer, request_id, reason, previous_hash, hash)
       values ($1, $1, 1, now(), 'USER_PROMOTED', 'newer', 'issuer', 'r', 'FASHION', '', '')`,
      [randomUUID()],
    );
    expect(await events(app, { actor: 'newer' })).toMatchObject([{ action: 'OTHER', reason: 'OTHER' }]);
  });
});
