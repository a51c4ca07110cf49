/** All that the measurements share: a database server, the stand-in for GenAuth, an issuer, a load generator. */
import { Client } from 'pg';
import { eventually } from '../helpers/eventually';
import { createDatabase, startPostgres } from '../helpers/postgres';
import { startHelper } from './helper-process';
import { startIssuer } from './issuer';
import type { LoadPlan, LoadResult } from './load';
import { cpuSeconds } from './processes';
import type { Question } from './rows';
import { makeUsed } from './used-database';

/** Nobody is to be slowed by limits that are there to slow. */
const LIFTED = { GENAUTH_MAX_RPS: '1000000', RATE_LIMIT_PER_MINUTE: '1000000000' };

/** A load that is put on one server. */
export type Load = Pick<LoadPlan, 'url' | 'connections' | 'warmUpMs' | 'measureMs'> &
  Partial<Pick<LoadPlan, 'perSecond'>>;

export class Bench {
  /** Names of those that are still there. */
  private readonly databases: string[] = [];

  private constructor(
    private readonly postgres: Awaited<ReturnType<typeof startPostgres>>,
    private readonly upstream: Awaited<ReturnType<typeof startHelper>>,
    private readonly load: Awaited<ReturnType<typeof startHelper>>,
    private readonly issuer: Awaited<ReturnType<typeof startIssuer>>,
  ) {}

  static async start(): Promise<Bench> {
    const [postgres, upstream, load, issuer] = await Promise.all([
      startPostgres({ isDurable: true }),
      startHelper('upstream.ts'),
      startHelper('load.ts'),
      startIssuer(),
    ]);
    await makeUsed(postgres.url);
    return new Bench(postgres, upstream, load, issuer);
  }

  get upstreamUrl(): string {
    return `http://127.0.0.1:${Number(this.upstream.greeting)}`;
  }

  /** Of PostgreSQL's processor time so far. */
  databaseCpuSeconds(): number {
    return cpuSeconds(this.postgres.pid());
  }

  get tokens(): readonly string[] {
    return this.issuer.tokens;
  }

  /** Of a measured server in production, but for the store. */
  get env(): Record<string, string> {
    return {
      NODE_ENV: 'production',
      PORT: '0',
      GENAUTH_HOST: this.upstreamUrl,
      GENAUTH_ACCESS_KEY_ID: 'bench-key',
      GENAUTH_ACCESS_KEY_SECRET: 'bench-secret',
      METRICS_PORT: '0',
      ...this.issuer.env,
      ...LIFTED,
    };
  }

  /** @returns the address of an empty database */
  async createDatabase(): Promise<string> {
    const url = await createDatabase(this.postgres.url);
    this.databases.push(new URL(url).pathname.slice(1));
    return url;
  }

  /** Between two measurements: PostgreSQL would go on vacuuming and writing out what the last one has left. */
  async clear(): Promise<void> {
    const client = new Client({ connectionString: this.postgres.url });
    await client.connect();
    for (const name of this.databases.splice(0)) await client.query(`drop database ${name} with (force)`);
    await client.query('checkpoint');
    await client.end();
  }

  async delayUpstream(delayMs: number): Promise<void> {
    await this.upstream.ask({ kind: 'delay', delayMs });
  }

  async countCalls(): Promise<number> {
    return Number(await this.upstream.ask({ kind: 'count' }));
  }

  /** @throws when an answer is wrong, or the answered kicks are not those that GenAuth was asked for */
  async measure(question: Question, load: Load): Promise<LoadResult> {
    const before = await this.countCalls();
    const headers = this.tokens.map((token) => ({
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
    }));
    const result = (await this.load.ask({ perSecond: null, ...question, ...load, headers })) as LoadResult;
    const calls = (await this.countCalls()) - before;
    if (result.firstWrong !== null) throw new Error(`${result.wrong} wrong answers, first: ${result.firstWrong}`);
    if (calls !== result.kicks) throw new Error(`${result.kicks} kicks answered, ${calls} calls reached the upstream`);
    return result;
  }

  /** @throws when the audit trail does not come to hold a request and an outcome for each of so many kicks */
  async checkRecords(databaseUrl: string, kicks: number): Promise<void> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    const count = async () => {
      const { rows } = await client.query<{ action: string; count: string }>(
        `select action, count(*) from audit_events where action like 'KICK%' group by action order by action`,
      );
      return rows.map(({ action, count: many }) => `${many} ${action}`).join(', ');
    };
    const wanted = `${kicks} KICK_REQUESTED, ${kicks} KICK_SUCCEEDED`;
    await eventually(count, (seen) => seen === wanted).finally(() => client.end());
  }

  async stop(): Promise<void> {
    this.load.stop();
    this.upstream.stop();
    this.issuer.stop();
    await this.postgres.stop();
  }
}
