/** What is refused before GenAuth hears of it, where and why; and that a refused value is never repeated. */
import fc from 'fast-check';
import { execute, operation } from '../helpers/execute';
import { startTestApp, type TestApp } from '../helpers/start-app';
import { failure, success } from './payloads';

const KICK_USERS = '/api/v3/kick-users';
/** Part of every refused value that has room for it; nothing of it may come back. */
const CANARY = 'c4nary';
const SMILEY = '\u{1f600}';
const LONE_SURROGATE = '\ud83d';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(() => app.genauth.clearReceived());

const send = (input: unknown, document = operation('kick-users')) => execute(app, document, { input });
const calls = () => app.genauth.receivedCount(KICK_USERS);
const sent = () => JSON.parse(app.genauth.received.at(-1)?.rawBody ?? 'null');

const apps = (count: number) => Array.from({ length: count }, (_, i) => `app-${i}`);
const TOO_LONG = 'must have at most 256 characters';
const MARKED = 'must not contain a byte order mark';
const BROKEN = 'must not contain NUL characters or broken Unicode';
const ofType = (userIdType: string, userId: string) => ({ userId, options: { userIdType } });

const PHONE_RULE = 'must be digits with an optional leading + when userIdType is PHONE';
const EMAIL_RULE = 'must be an e-mail address when userIdType is EMAIL';
const IDENTITY_RULE = 'must have the form extIdpId:userIdInIdp when userIdType is IDENTITY';
const RELATION_RULE = 'must have the form provider:userIdInIdp when userIdType is SYNC_RELATION';

describe('a broken rule is INVALID_INPUT with its path and its message, and GenAuth is not called', () => {
  type Fault = [path: string, message: string];
  const misshapen = (userIdType: string, rule: string, ids: string[]) =>
    ids.map((id): [string, object, Fault[]] => [
      `${userIdType} ${JSON.stringify(id)}`,
      ofType(userIdType, id),
      [['userId', `userId ${rule}`]],
    ]);

  it.each<[string, object, Fault[]]>([
    ['an empty userId', { userId: '' }, [['userId', 'userId must not be blank']]],
    ['a userId of spaces', { userId: '   ' }, [['userId', 'userId must not be blank']]],
    ['a userId of tabs and line ends', { userId: '\t\r\n\v\f' }, [['userId', 'userId must not be blank']]],
    [
      'a userId of Unicode spaces',
      { userId: '\u00a0\u2003\u3000\u2028\ufeff' },
      [['userId', 'userId must not be blank']],
    ],
    ['a blank id of another type', ofType('EMAIL', ' '), [['userId', 'userId must not be blank']]],
    ['a userId of 257 characters', { userId: CANARY.padEnd(257, 'x') }, [['userId', `userId ${TOO_LONG}`]]],
    ['a userId of 257 emoji', { userId: SMILEY.repeat(257) }, [['userId', `userId ${TOO_LONG}`]]],
    ['a userId with NUL', { userId: `${CANARY}\0` }, [['userId', `userId ${BROKEN}`]]],
    ['a userId with half a surrogate pair', { userId: CANARY + LONE_SURROGATE }, [['userId', `userId ${BROKEN}`]]],
    ['a userId with a pair turned round', { userId: `${CANARY}\ude00\ud83d` }, [['userId', `userId ${BROKEN}`]]],
    ['a userId after a byte order mark', { userId: `\ufeff${CANARY}` }, [['userId', `userId ${MARKED}`]]],
    ['an e-mail address after one', ofType('EMAIL', `\ufeff${CANARY}@b.cd`), [['userId', `userId ${MARKED}`]]],
    ['a userId before one', { userId: `${CANARY}\ufeff` }, [['userId', `userId ${MARKED}`]]],
    ['no apps', { appIds: [] }, [['appIds', 'appIds must name at least one app']]],
    ['51 apps', { appIds: [...apps(50), CANARY] }, [['appIds', 'appIds must name at most 50 apps']]],
    [
      'blank apps',
      { appIds: [CANARY, '', 'b', '\u3000\t'] },
      [
        ['appIds.1', 'appIds[1] must not be blank'],
        ['appIds.3', 'appIds[3] must not be blank'],
      ],
    ],
    [
      'apps named again',
      { appIds: [CANARY, 'b', CANARY, 'b', CANARY] },
      [
        ['appIds.2', 'appIds[2] must not repeat item 0'],
        ['appIds.3', 'appIds[3] must not repeat item 1'],
        ['appIds.4', 'appIds[4] must not repeat item 0'],
      ],
    ],
    ['an app of 257 characters', { appIds: ['a', CANARY.padEnd(257)] }, [['appIds.1', `appIds[1] ${TOO_LONG}`]]],
    ['an app with NUL', { appIds: [`\0${CANARY}`] }, [['appIds.0', `appIds[0] ${BROKEN}`]]],
    ['an app with half a surrogate pair', { appIds: [`\ude00${CANARY}`] }, [['appIds.0', `appIds[0] ${BROKEN}`]]],
    ['an app after a byte order mark', { appIds: ['a', `\ufeff${CANARY}`] }, [['appIds.1', `appIds[1] ${MARKED}`]]],
    [
      'a ticket of 201 characters',
      { ticket: CANARY.padEnd(201, 'x') },
      [['ticket', 'ticket must have at most 200 characters']],
    ],
    ['a ticket with NUL', { ticket: `${CANARY}\0` }, [['ticket', `ticket ${BROKEN}`]]],
    ['a ticket with half a surrogate pair', { ticket: LONE_SURROGATE + CANARY }, [['ticket', `ticket ${BROKEN}`]]],
    [
      'everything at once, in the order of the fields',
      { ...ofType('PHONE', CANARY), appIds: [CANARY, ' '], ticket: `\0${CANARY}` },
      [
        ['userId', `userId ${PHONE_RULE}`],
        ['appIds.1', 'appIds[1] must not be blank'],
        ['ticket', `ticket ${BROKEN}`],
      ],
    ],
    ...misshapen('PHONE', PHONE_RULE, [
      CANARY,
      '+',
      '188xxxx8888',
      '+86 1880000',
      '1+2',
      '123\n',
      '\uff11\uff12',
      '\u0661',
    ]),
    ...misshapen('EMAIL', EMAIL_RULE, [
      CANARY,
      `${CANARY}@`,
      '@example.com',
      `${CANARY}@example`,
      `${CANARY} <a@b.cd>`,
      `${CANARY}@b.cd,e@f.gh`,
      `${CANARY}@b.cd;e@f.gh`,
      `a b@${CANARY}.cd`,
    ]),
    ...misshapen('IDENTITY', IDENTITY_RULE, [CANARY, `:${CANARY}`, `${CANARY}:`, `${CANARY}: `, `${CANARY} b:c`]),
    ...misshapen('SYNC_RELATION', RELATION_RULE, [CANARY, ':ou_1', 'lark:', `${CANARY}:\t`]),
  ])('%s', async (_, change, faults) => {
    const { status, data, errors, text } = await send({ userId: 'u', appIds: ['a'], ...change });
    const fieldErrors = faults.map(([path, message]) => ({ path: path.split('.'), message }));
    const message = 'The input breaks one or more rules; see fieldErrors.';
    expect({ status, data, errors }).toEqual({
      status: 200,
      data: { kickUsers: failure('INVALID_INPUT', { message, fieldErrors }) },
    });
    expect(text).not.toContain(CANARY);
    expect(calls()).toBe(0);
  });
});

test('a job is refused by the same rules for its users and apps, item by item', async () => {
  const input = { userIds: [`\ufeff${CANARY}`, 'u'], appIds: ['a', `${CANARY}\ufeff`], reason: 'OTHER' };
  const { data, text } = await send({ ...input, idempotencyKey: 'k' }, operation('start-kick-job'));
  expect(data.startKickJob).toMatchObject({
    code: 'INVALID_INPUT',
    fieldErrors: [
      { path: ['userIds', '0'], message: `userIds[0] ${MARKED}` },
      { path: ['appIds', '1'], message: `appIds[1] ${MARKED}` },
    ],
  });
  expect(text).not.toContain(CANARY);
});

describe('what breaks no rule reaches GenAuth as it is', () => {
  it.each<[string, { userId?: string; appIds?: string[] }]>([
    ['256 characters', { userId: 'x'.repeat(256), appIds: ['y'.repeat(256)] }],
    ['256 emoji', { userId: SMILEY.repeat(256), appIds: [SMILEY.repeat(256)] }],
    ['50 apps', { appIds: apps(50) }],
    ['apps that differ in case and spaces', { appIds: ['a', 'A', 'a ', ' a'] }],
    ['spaces around an id', { userId: ' u ' }],
    ['a ticket of 200 characters', { ...{ ticket: SMILEY.repeat(200) } }],
    ['a ticket after a byte order mark', { ...{ ticket: '\ufeffINC-7' } }],
    ['an empty ticket', { ...{ ticket: '' } }],
    ['ticket and reason null', { ...{ ticket: null, reason: null } }],
    ...(
      [
        ['PHONE', '18800000001'],
        ['PHONE', '+8618800000001'],
        ...['j\u00f6rg+kick@ex-ample.co.uk', 'a@my_host.com', 'a@corp.x1', 'a@[127.0.0.1]', '"a b"@b.cd', `${'a'.repeat(70)}@b.cd`].map((id) => ['EMAIL', id] as const), // prettier-ignore
        ['IDENTITY', '62f20932716fbcc10d966ee5:ou_8bae:746e ac'],
        ['SYNC_RELATION', 'lark:ou_8bae746eac07cd2564654140d2a9ac61'],
        ['USER_ID', 'not 24 hex digits'],
        ['EXTERNAL_ID', '10010'],
        ['USERNAME', 'bob'],
        ['CUSTOM_FIELD', 'anything & all = "that"'],
      ] as const
    ).map(([type, id]): [string, object] => [`${type} ${id}`, ofType(type, id)]),
  ])('%s', async (_, change) => {
    const input = { userId: 'u', appIds: ['a'], ...change };
    app.genauth.faults.next({ kind: 'envelope', statusCode: 200, message: 'Success', data: { success: true } });
    expect((await send(input)).data).toEqual({ kickUsers: success() });
    expect(calls()).toBe(1);
    expect(sent()).toMatchObject({ userId: input.userId, appIds: input.appIds });
  });

  it.each([
    ['left out', {}],
    ['null', { options: null }],
    ['empty', { options: {} }],
  ])('options %s mean a USER_ID', async (_, options) => {
    await send({ userId: 'u', appIds: ['a'], ...options });
    expect(sent().options).toEqual({ userIdType: 'user_id' });
  });

  const wellFormed = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
  const id = wellFormed.filter((text) => text.trim() !== '' && !/[\0\ufeff]/.test(text));

  it('any well-formed Unicode, byte for byte and rightly signed', () =>
    fc.assert(
      fc.asyncProperty(id, fc.uniqueArray(id, { minLength: 1, maxLength: 5 }), async (userId, appIds) => {
        app.genauth.clearReceived();
        await send({ ...ofType('USERNAME', userId), appIds });
        expect(app.genauth.received).toMatchObject([{ path: KICK_USERS, signatureValid: true }]);
        expect(Buffer.from(sent().userId)).toEqual(Buffer.from(userId));
        expect(sent()).toEqual({ userId, appIds, options: { userIdType: 'username' } });
      }),
      { numRuns: 150 },
    ));
});

describe('wrong types and unknown values stay top-level errors, and never echo', () => {
  const at = (place: string, why = 'It does not fit its type.') =>
    `Variable "$input" has no valid value at "input${place}". ${why}`;
  const missing = (field: string, type: string) => `Field "${field}" of required type "${type}" was not provided.`;

  it.each<[string, unknown, string]>([
    ['userIdType null', { options: { userIdType: null } }, at('.options.userIdType')],
    ['an unknown userIdType', ofType(CANARY, 'u'), at('.options.userIdType')],
    ['a userIdType as GenAuth spells it', ofType('user_id', 'u'), at('.options.userIdType')],
    ['a userIdType that is a number', { options: { userIdType: 7 } }, at('.options.userIdType')],
    ['options that are a text', { options: CANARY }, at('.options')],
    ['an unknown reason', { reason: CANARY }, at('.reason')],
    ['a userId null', { userId: null }, at('.userId')],
    ['a userId that is an object', { userId: { [CANARY]: CANARY } }, at('.userId')],
    ['a userId that is a list', { userId: [CANARY] }, at('.userId')],
    ['a userId that is no whole number', { userId: 1.5 }, at('.userId')],
    ['a userId true', { userId: true }, at('.userId')],
    ['no userId', { userId: undefined }, at('', missing('userId', 'ID!'))],
    ['no appIds', { appIds: undefined }, at('', missing('appIds', '[ID!]!'))],
    ['appIds null', { appIds: null }, at('.appIds')],
    ['an app null', { appIds: [CANARY, null] }, at('.appIds[1]')],
    ['an app that is an object', { appIds: [{ id: CANARY }] }, at('.appIds[0]')],
    ['a ticket that is a number', { ticket: 7 }, at('.ticket')],
    ['a ticket that is a list', { ticket: [CANARY] }, at('.ticket')],
    ['an unknown field', { [CANARY]: CANARY }, at('', 'There is a field that the schema does not know.')],
    [
      'an unknown option',
      { options: { [CANARY]: 1 } },
      at('.options', 'There is a field that the schema does not know.'),
    ],
  ])('%s', async (_, change, message) => {
    const { status, data, errors, text } = await send({ userId: `${CANARY}!`, appIds: ['a'], ...(change as object) });
    expect({ status, data, errors }).toEqual({
      status: 400,
      errors: [{ message, extensions: { code: 'BAD_USER_INPUT', requestId: expect.any(String) } }],
    });
    expect(text).not.toContain(CANARY);
    expect(calls()).toBe(0);
  });

  it.each([
    ['a text', CANARY],
    ['a list', [CANARY]],
    ['null', null],
    ['left out', undefined],
  ])('an input that is %s', async (_, input) => {
    const { status, errors, text } = await send(input);
    expect({ status, codes: errors?.map(({ extensions }) => extensions['code']) }).toEqual({
      status: 400,
      codes: ['BAD_USER_INPUT'],
    });
    expect(text).not.toContain(CANARY);
    expect(calls()).toBe(0);
  });
});

describe('so do literals in documents, syntax errors and bodies that are none', () => {
  const kickWith = (input: string) => `mutation { kickUsers(input: ${input}) { __typename } }`;

  it.each<[string, string, string]>([
    ['GRAPHQL_VALIDATION_FAILED', 'an enum value', kickWith(`{ userId: "u", appIds: [], reason: ${CANARY} }`)],
    ['GRAPHQL_VALIDATION_FAILED', 'a text for an enum', kickWith(`{ userId: "u", appIds: [], reason: "${CANARY}" }`)],
    ['GRAPHQL_VALIDATION_FAILED', 'an object for an id', kickWith(`{ userId: { a: "${CANARY}" }, appIds: [] }`)],
    ['GRAPHQL_VALIDATION_FAILED', 'an enum for an id', kickWith(`{ userId: ${CANARY}, appIds: [${CANARY}] }`)],
    ['GRAPHQL_VALIDATION_FAILED', 'a text for an input', kickWith(`"${CANARY}"`)],
    ['GRAPHQL_VALIDATION_FAILED', 'a block of text', kickWith(`"""${CANARY}\n, found ${CANARY}\nvalue: ${CANARY}"""`)],
    ['GRAPHQL_VALIDATION_FAILED', 'a missing field', kickWith(`{ userId: "${CANARY}" }`)],
    ['GRAPHQL_VALIDATION_FAILED', 'a default value', `query ($a: Int = "${CANARY}") { __typename @skip(if: $a) }`],
    ['GRAPHQL_PARSE_FAILED', 'a text without end', kickWith(`{ userId: "${CANARY}`)],
    ['GRAPHQL_PARSE_FAILED', 'a forgotten brace', kickWith(`{ userId: "${CANARY}", appIds: []`)],
    ['GRAPHQL_PARSE_FAILED', 'a bad escape', kickWith(`{ userId: "\\u{${CANARY}}" }`)],
    ['GRAPHQL_PARSE_FAILED', 'no GraphQL at all', CANARY],
  ])('%s: %s', async (code, _, document) => {
    const { status, data, errors, text } = await execute(app, document);
    expect({ status, data, codes: new Set(errors?.map(({ extensions }) => extensions['code'])) }).toEqual({
      status: 400,
      codes: new Set([code]),
    });
    expect(text).not.toContain(CANARY);
    expect(calls()).toBe(0);
  });

  it.each([
    ['broken JSON', `{"query":"${CANARY}`],
    ['variables that are a text', `{"query":"{ __typename }","variables":"${CANARY}"}`],
    ['variables that are a list', `{"query":"{ __typename }","variables":["${CANARY}"]}`],
    ['a query that is a list', `{"query":["${CANARY}"]}`],
    ['a batch', `[{"query":"{ ${CANARY} }"}]`],
  ])('BAD_REQUEST: %s', async (_, body) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${app.url}/graphql`, { method: 'POST', headers, body });
    const text = await response.text();
    expect([response.status, JSON.parse(text).errors[0].extensions.code]).toEqual([400, 'BAD_REQUEST']);
    expect(text).not.toContain(CANARY);
  });
});
