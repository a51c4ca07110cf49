/** What a caller and a load balancer are told. */
import { execute } from '../helpers/execute';
import type { TestApp } from '../helpers/start-app';

/** Of the smallest operation with this token. */
export const statusOf = async (app: TestApp, token: string): Promise<number> =>
  (await execute(app, '{ __typename }', {}, { token })).status;

/** Of a gateway that is ready. */
export async function notesOf(app: TestApp) {
  const { status, ...response } = await fetch(`${app.url}/readyz`).then(async (answer) => ({
    status: answer.status,
    ...((await answer.json()) as { notes: string[] }),
  }));
  expect(status).toBe(200);
  return response.notes;
}
