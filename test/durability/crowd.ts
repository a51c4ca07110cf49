/** A crowd of users to kick, and what GenAuth has seen of it. */
import type { Emulator } from '../../src/emulator/emulator';
import { openDatabase, type StoreOptions } from '../../src/store/open-database';
import { pino } from 'pino';
import { acceptedJob } from '../jobs/jobs';

const KICK_USERS = '/api/v3/kick-users';

/** The e-mails of the emulator's extra users, all signed in again. */
export function gather(genauth: Emulator): string[] {
  const { directory } = genauth;
  const crowd = directory.users.filter(({ name }) => name.startsWith('load-'));
  for (const { userId } of crowd) directory.signIn(userId, directory.demoApp.appId);
  genauth.clearReceived();
  return crowd.map(({ ids }) => ids.email);
}

/** The id of a job that kicks them. */
export const kickAll = (gateway: { url: string }, genauth: Emulator, userIds: readonly string[]): Promise<string> =>
  acceptedJob(gateway, {
    userIds,
    appIds: [genauth.directory.demoApp.appId],
    options: { userIdType: 'EMAIL' },
  });

export const receivedKicks = (genauth: Emulator): number => genauth.receivedCount(KICK_USERS);

/** How often each user was kicked, from the so-manieth call on. */
export function kicksOf(genauth: Emulator, from = 0): Map<string, number> {
  const kicks = new Map<string, number>();
  for (const { path, body } of genauth.received.slice(from)) {
    if (path !== KICK_USERS) continue;
    const { userId } = body as { userId: string };
    kicks.set(userId, (kicks.get(userId) ?? 0) + 1);
  }
  return kicks;
}

export const repeated = (kicks: ReadonlyMap<string, number>): string[] =>
  [...kicks].flatMap(([userId, times]) => (times > 1 ? [userId] : []));

/** What the store itself says: users whose call is out without an answer, and those with an outcome. */
export async function lookInto(store: StoreOptions, jobId: string) {
  const database = await openDatabase(store, pino({ level: 'silent' }));
  const lines = await database.query<{ user_id: string; is_sent: boolean; is_settled: boolean }>(
    `select user_id, state = 'PENDING' and calls ~ '[sr]' as is_sent, state <> 'PENDING' as is_settled
     from kick_lines where job_id = $1`,
    [jobId],
  );
  await database.stop();
  const usersWhere = (isWanted: (line: (typeof lines)[number]) => boolean) =>
    new Set(lines.filter(isWanted).map(({ user_id }) => user_id));
  return { inFlight: usersWhere(({ is_sent }) => is_sent), settled: usersWhere(({ is_settled }) => is_settled) };
}
