/** Who hangs up before their kick is sent: counted and on record as that, and never as an outage of GenAuth's. */
import { eventually } from '../helpers/eventually';
import { execute } from '../helpers/execute';
import { kickToBeDropped } from '../helpers/hang-up';
import { scrape } from '../helpers/scrape';
import { startSilentGenAuth } from '../helpers/silent-genauth';
import { startTestApp, type TestApp } from '../helpers/start-app';

const KICKS = 'kick_gateway_kicks_total';
const ATTEMPTS = 'kick_gateway_upstream_attempts_total';

const kickAndHangUp = (app: TestApp): (() => void) =>
  kickToBeDropped(app, { userId: 'gone', appIds: [app.genauth.directory.demoApp.appId] });

const logged = ({ logs }: TestApp, message: string) => logs.filter(({ msg }) => msg === message);

async function expectRecord(app: TestApp) {
  const query = '{ auditEvents(userId: "gone", first: 1) { edges { node { action code mayHaveTakenEffect } } } }';
  const newest = await eventually(
    async () => (await execute(app, query)).data.auditEvents.edges[0]?.node,
    (node) => node?.action === 'KICK_FAILED',
  );
  expect(newest).toEqual({ action: 'KICK_FAILED', code: 'HUNG_UP', mayHaveTakenEffect: false });
}

it('while the kick waits for its turn', async () => {
  const app = await startTestApp({ GENAUTH_MAX_RPS: '1', GENAUTH_TIMEOUT_MS: '60000', METRICS_PORT: '0' });
  const [first, second] = [kickAndHangUp(app), kickAndHangUp(app)];
  await eventually(() => logged(app, 'kick requested').length === 2);
  await eventually(() => app.genauth.receivedCount() === 1);
  // One of them has been sent, and is nobody's to call back.
  [first, second].forEach((hangUp) => hangUp());
  await eventually(async () => (await scrape(app)).value(KICKS, { outcome: 'HUNG_UP' }) === 1);
  const { value } = await scrape(app);
  expect(value(KICKS, { outcome: 'UPSTREAM_UNAVAILABLE' })).toBe(0);
  expect(value(ATTEMPTS, { result: 'HUNG_UP' })).toBeUndefined();
  expect(logged(app, 'kick failed')).toContainEqual(expect.objectContaining({ code: 'HUNG_UP', level: 20 }));
  await expectRecord(app);
});

it('while there is no connection yet', async () => {
  const silent = await startSilentGenAuth();
  const app = await startTestApp({ GENAUTH_HOST: silent.url, GENAUTH_TIMEOUT_MS: '60000', METRICS_PORT: '0' });
  const hangUp = kickAndHangUp(app);
  await eventually(() => silent.held() > 0);
  hangUp();
  await eventually(async () => (await scrape(app)).value(ATTEMPTS, { result: 'HUNG_UP' }) === 1);
  const { value } = await scrape(app);
  expect(value(KICKS, { outcome: 'HUNG_UP' })).toBe(1);
  expect(value(KICKS, { outcome: 'UPSTREAM_UNAVAILABLE' })).toBe(0);
  await expectRecord(app);
});
