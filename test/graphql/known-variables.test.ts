/** Whatever stands in the variables of a known operation, it is taken or refused as by Apollo, and means the same. */
import fc from 'fast-check';
import { AuditEventsService } from '../../src/audit/audit-events.service';
import { KickJobService } from '../../src/jobs/kick-job.service';
import { KickUsersService } from '../../src/kick/kick-users.service';
import { operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { ask, learn } from './known';

const RUNS = 300;
/** Six hundred requests each, on machines that have other things to do as well. */
jest.setTimeout(120_000);

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});

/** Anything that JSON can say, what is often mistaken for something else more often. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown[]>(null, [], {}, [null], [[]], [{}], '', '1', 0, -0, 1.5, 2 ** 31, -(2 ** 31), 2 ** 53, 1e21),
  fc.constantFrom<unknown[]>(true, 'true', 'USER_ID', 'user_id', 'OTHER', { userIdType: 'EMAIL' }, ['EMAIL'], 'after'),
);
/** Mostly as it should be. */
const mostly = <T>(right: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: anything });
/** Each field now and then missing, and now and then one that nobody knows. */
const record = (fields: Record<string, fc.Arbitrary<unknown>>, required: string[] = []) =>
  fc
    .tuple(
      fc.record(fields, { requiredKeys: required }),
      fc.oneof({ weight: 9, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.dictionary(fc.string(), anything) }), // prettier-ignore
      fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...required) }),
    )
    .map(([known, more, left]) => {
      const all: Record<string, unknown> = { ...more, ...known };
      return Object.fromEntries(Object.entries(all).filter(([name]) => name !== left));
    });

const id = fc.oneof(fc.string({ minLength: 1 }), fc.integer(), fc.maxSafeInteger());
const ids = fc.oneof(fc.uniqueArray(mostly(id), { minLength: 1, maxLength: 4 }), id);
const types = fc.constantFrom('USER_ID', 'EXTERNAL_ID', 'USERNAME', 'CUSTOM_FIELD', 'user_id', 'NONE');
const options = fc.oneof(record({ userIdType: mostly(types) }, ['userIdType']), fc.constant(null));
const reason = fc.constantFrom('OTHER', 'OFFBOARDING', 'none', null);
const ticket = fc.oneof(fc.string(), fc.constant(null));
const kickInput = record(
  { userId: mostly(id), appIds: mostly(ids), options: mostly(options), reason: mostly(reason), ticket: mostly(ticket) },
  ['userId', 'appIds'],
);
const jobInput = record(
  {
    ...{ userIds: mostly(ids), appIds: mostly(ids), options: mostly(options), reason: mostly(reason) },
    ...{ ticket: mostly(ticket), idempotencyKey: mostly(id), verify: mostly(fc.boolean()) },
  },
  ['userIds', 'appIds', 'reason', 'idempotencyKey', 'verify'],
);
const pages = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: -1, max: 102 }), fc.integer());
const cursor = fc.oneof(fc.nat().map((n) => Buffer.from(String(n)).toString('base64url')), fc.string(), fc.constant(null)); // prettier-ignore

/** What the service behind an operation was asked for; it is taken away, so that nothing but the variables matters. */
function listenTo<T>(service: { prototype: T }, method: keyof T & string, answer: unknown) {
  const calls: unknown[] = [];
  const spy = jest.spyOn(service.prototype as Record<string, () => unknown>, method);
  spy.mockImplementation((...args: unknown[]) => {
    calls.push(args.slice(0, method === 'list' ? 3 : 1));
    return Promise.resolve(answer);
  });
  return { take: () => calls.splice(0), stop: () => spy.mockRestore() };
}
type Listener = ReturnType<typeof listenTo>;

interface Seen {
  /** How often the short way was taken to the end. */
  short: number;
  refused: number;
}

/** Sends the same variables both ways, over and over. */
async function compare(name: string, variables: fc.Arbitrary<unknown>, { take }: Listener): Promise<Seen> {
  const seen: Seen = { short: 0, refused: 0 };
  const send = async (body: object) => {
    const sent = JSON.stringify({ query: operation(name), ...body });
    const { byApollo, logs: _, ...answer } = await ask(app, { body: sent });
    return { byApollo, facts: { ...answer, calls: take() } };
  };
  await fc.assert(
    fc.asyncProperty(variables, async (given) => {
      const known = await send({ variables: given });
      // Extensions lead to Apollo; so many new texts would drive out the known one.
      const unknown = await send({ variables: given, extensions: {} });
      expect(known.facts).toStrictEqual(unknown.facts);
      // Fastify takes no JSON that names a prototype, so neither way is gone.
      expect(unknown.byApollo || /prototype|__proto__/.test(JSON.stringify(given))).toBe(true);
      seen.short += unknown.byApollo && !known.byApollo ? 1 : 0;
      seen.refused += known.facts.status === 400 ? 1 : 0;
    }),
    { numRuns: RUNS },
  );
  return seen;
}

/** Enough of both kinds, or the comparison says little; some 45 of a job's are short. */
function expectBoth({ short, refused }: Seen): void {
  expect(short).toBeGreaterThan(RUNS / 20);
  expect(refused).toBeGreaterThan(RUNS / 10);
}

it('KickUsers', async () => {
  const receipt = { statusCode: 200, message: '', requestId: null, auditId: 'a' };
  const listener = listenTo(KickUsersService, 'kick', receipt);
  await learn(app, operation('kick-users'), { input: { userId: 'u', appIds: ['a'] } });
  listener.take();
  const variables = mostly(record({ input: mostly(kickInput), other: anything }, ['input']));
  const seen = await compare('kick-users', variables, listener);
  listener.stop();
  expectBoth(seen);
});

it('StartKickJob', async () => {
  const listener = listenTo(KickJobService, 'start', { id: 'j', state: 'QUEUED' });
  const input = { userIds: ['u'], appIds: ['a'], reason: 'OTHER', idempotencyKey: 'k', verify: true };
  await learn(app, operation('start-kick-job'), { input });
  listener.take();
  const seen = await compare('start-kick-job', record({ input: mostly(jobInput) }, ['input']), listener);
  listener.stop();
  expectBoth(seen);
});

it('AuditEvents', async () => {
  const listener = listenTo(AuditEventsService, 'list', []);
  await learn(app, operation('audit-events'), { first: 1 });
  listener.take();
  const fields = { first: mostly(pages), after: mostly(cursor), actor: mostly(ticket), userId: mostly(id), jobId: id };
  const seen = await compare('audit-events', mostly(record(fields, ['first'])), listener);
  listener.stop();
  expectBoth(seen);
});
