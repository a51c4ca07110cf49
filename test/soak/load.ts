/** What a busy day looks like, all at once: kicks, jobs that are watched, readers, and those who look after it. */
import { setTimeout as delay } from 'node:timers/promises';
import { execute, operation } from '../helpers/execute';

/** Milliseconds between two of a kind; each is sent whether or not the one before has been answered. */
const EVERY_MS = { kick: 50, read: 200, poll: 1000, job: 5000 };
const JOB_USERS = { least: 50, most: 200 };
const READS: [string, Record<string, unknown>][] = [
  ['viewer', {}],
  ['audit-events', { first: 20 }],
  ['kick-jobs', { first: 10 }],
];
/** Payload members and codes that a gateway in front of such an emulator may answer. */
const EXPECTED = new Set([
  ...['KickUsersSuccess', 'RATE_LIMITED', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE'],
  ...['StartKickJobSuccess', 'TOO_MANY_JOBS', 'read', 'readyz 200', 'metrics 200', 'watched to the end'],
]);

/** How often each was seen. */
export type Outcomes = Record<string, number>;

export interface LoadOptions {
  url: string;
  metricsUrl: string;
  token: string;
  userIds: readonly string[];
  appId: string;
}

/** How many answers were none of those. */
export const countUnexpected = (outcomes: Outcomes): number =>
  Object.entries(outcomes).reduce((sum, [outcome, count]) => sum + (EXPECTED.has(outcome) ? 0 : count), 0);

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;

export class Load {
  private readonly outcomes = new Map<string, number>();
  private readonly underWay = new Set<Promise<void>>();
  private isOver = false;
  private serial = 0;

  constructor(private readonly options: LoadOptions) {}

  /** @returns how often each outcome was seen, when the time is over and everything is answered */
  async run(durationMs: number): Promise<Outcomes> {
    const ending = setTimeout(() => (this.isOver = true), durationMs);
    await Promise.all([
      this.repeat(EVERY_MS.kick, () => this.kick()),
      this.repeat(EVERY_MS.read, () => this.read()),
      this.repeat(EVERY_MS.poll, () => this.poll('readyz', `${this.options.url}/readyz`)),
      this.repeat(EVERY_MS.poll, () => this.poll('metrics', this.options.metricsUrl)),
      this.repeat(EVERY_MS.job, () => this.startJob()),
    ]);
    clearTimeout(ending);
    await Promise.all(this.underWay);
    return Object.fromEntries(this.outcomes);
  }

  private async repeat(everyMs: number, act: () => Promise<string>): Promise<void> {
    for (let dueAt = performance.now(); !this.isOver; dueAt += everyMs) {
      const done = act()
        .catch((error: unknown) => String(error))
        .then((outcome) => {
          this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
          this.underWay.delete(done);
        });
      this.underWay.add(done);
      await delay(dueAt + everyMs - performance.now());
    }
  }

  private async kick(): Promise<string> {
    const { userIds, appId } = this.options;
    const input = { userId: pick(userIds), appIds: [appId] };
    const { data, text } = await execute(this.options, operation('kick-users'), { input });
    return data?.kickUsers.code ?? data?.kickUsers.__typename ?? text;
  }

  private async read(): Promise<string> {
    const [name, variables] = pick(READS);
    const { data, text } = await execute(this.options, operation(name), variables);
    return data == null ? text : 'read';
  }

  private async poll(name: string, url: string): Promise<string> {
    const response = await fetch(url);
    await response.arrayBuffer();
    return `${name} ${response.status}`;
  }

  private async startJob(): Promise<string> {
    const { userIds, appId } = this.options;
    const size = JOB_USERS.least + Math.floor(Math.random() * (JOB_USERS.most - JOB_USERS.least + 1));
    const from = Math.floor(Math.random() * (userIds.length - size));
    this.serial += 1;
    const input = {
      userIds: userIds.slice(from, from + size),
      appIds: [appId],
      reason: 'OTHER',
      idempotencyKey: `soak-${process.pid}-${this.serial}`,
    };
    const { data, text } = await execute(this.options, operation('start-kick-job'), { input });
    const payload = data?.startKickJob;
    if (payload?.__typename !== 'StartKickJobSuccess') return payload?.code ?? text;
    const watched = this.watch(payload.job.id);
    this.underWay.add(watched);
    return payload.__typename;
  }

  private async watch(id: string): Promise<void> {
    const outcome = await this.readStream(id).catch((error: unknown) => String(error));
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  private async readStream(id: string): Promise<string> {
    const response = await fetch(`${this.options.url}/graphql/stream`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${this.options.token}`,
      },
      body: JSON.stringify({ query: operation('kick-job-progress'), variables: { id } }),
    });
    const events = await response.text();
    return /event: complete/.test(events) ? 'watched to the end' : `watched: ${response.status} ${events.slice(-200)}`;
  }
}
