/** What the hand-written peers share: kick-users signed by the gateway's own code, over connections that are kept. */
import { createRequire } from 'node:module';
import { Pool } from 'undici';

const require = createRequire(import.meta.url);
const { DIALECTS, newNonce, signedHeaders } = require('../../../dist/genauth/signature.js');

const { GENAUTH_HOST, GENAUTH_ACCESS_KEY_ID: id, GENAUTH_ACCESS_KEY_SECRET: secret } = process.env;

export const PATH = '/api/v3/kick-users';

/** The headers of one signed call. */
export function sign(params) {
  const input = {
    method: 'POST',
    path: PATH,
    params,
    lang: 'en-US',
    tenantId: null,
    nonce: newNonce(),
    now: Date.now(),
  };
  return signedHeaders(input, { id, secret }, DIALECTS.authing).headers;
}

const pool = new Pool(GENAUTH_HOST, { connections: 256 });

/** Signs, calls, reads. @returns GenAuth's envelope */
export async function kick({ userId, appIds, userIdType = 'user_id' }) {
  const params = { userId, appIds, options: { userIdType } };
  const headers = { ...sign(params), accept: 'application/json', 'content-type': 'application/json' };
  const { body } = await pool.request({ method: 'POST', path: PATH, headers, body: JSON.stringify(params) });
  return body.json();
}

/** Says where it listens, which the benchmark waits for. */
export const announce = (port) => process.stdout.write(`listening at http://127.0.0.1:${port}\n`);
