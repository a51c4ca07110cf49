/** Jobs as clients see them. */
import { eventually } from '../helpers/eventually';
import { execute, operation, type ExecuteOptions } from '../helpers/execute';

interface Gateway {
  url: string;
  token?: string;
}

export async function run(app: Gateway, name: string, variables: Record<string, unknown>, options?: ExecuteOptions) {
  const answer = await execute(app, operation(name), variables, options);
  if (answer.data == null) throw new Error(answer.text);
  const [payload] = Object.values(answer.data as Record<string, any>); // eslint-disable-line @typescript-eslint/no-explicit-any
  return payload;
}

let keys = 0;
/** A key that nobody has used. */
export const newKey = (): string => `key-${process.pid}-${Date.now()}-${++keys}`;

/** The payload of startKickJob; a new key and a reason unless given. */
export const startJob = (app: Gateway, input: Record<string, unknown>, options?: ExecuteOptions) =>
  run(app, 'start-kick-job', { input: { reason: 'LEAKED_CREDENTIAL', idempotencyKey: newKey(), ...input } }, options);

/** The id of a job that was accepted. */
export async function acceptedJob(app: Gateway, input: Record<string, unknown>): Promise<string> {
  const payload = await startJob(app, input);
  if (payload.__typename !== 'StartKickJobSuccess') throw new Error(JSON.stringify(payload));
  return payload.job.id;
}

export const readJob = (app: Gateway, id: string, variables: Record<string, unknown> = {}) =>
  run(app, 'kick-job', { id, ...variables });

/** Waits for the end. */
export const finishedJob = (app: Gateway, id: string, timeoutMs = 60_000) =>
  eventually(
    () => readJob(app, id, { first: 100 }),
    (job) => job.finishedAt !== null,
    timeoutMs,
  );

/** The outcomes of the first hundred users, in order. */
export const outcomesOf = (job: { outcomes: { edges: { node: Record<string, unknown> }[] } }) =>
  job.outcomes.edges.map(({ node }) => node);
