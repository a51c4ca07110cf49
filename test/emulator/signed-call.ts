import { buildSignature, buildStringToSign, makeNonce } from 'authing-node-sdk/dist/utils/buildSignature';
import { request, type Dispatcher } from 'undici';

import type { Emulator } from '../../src/emulator/emulator';

export interface SignedCall {
  method?: 'GET' | 'POST';
  path?: string;
  body?: Record<string, unknown>;
  query?: Record<string, string>;
  lang?: 'zh-CN' | 'en-US';
  /** `x-genauth-` goes with the scheme word GenAuth. */
  prefix?: 'x-authing-' | 'x-genauth-';
  accessKeyId?: string;
  accessKeySecret?: string;
  /** Headers set before signing, by their name without the prefix or in full; null leaves one out. */
  change?: Record<string, string | null>;
  dispatcher?: Dispatcher;
  signal?: AbortSignal;
}

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The parsed envelope; an empty object when the text is not JSON. */
  envelope: {
    statusCode?: number;
    apiCode?: number;
    message?: string;
    requestId?: string;
    data?: Record<string, unknown>;
  };
}

/** The request's headers, signed with the published SDK's own functions: they are the oracle, not our code. */
export function signHeaders(emulator: Emulator, call: SignedCall): Record<string, string> {
  const { method = 'POST', path = '/api/v3/kick-users', prefix = 'x-authing-', lang = 'en-US' } = call;
  const headers: Record<string, string> = {
    'x-authing-signature-nonce': makeNonce(),
    'x-authing-signature-method': 'HMAC-SHA1',
    'x-authing-signature-version': '1.0',
    'x-authing-sdk-version': 'authing-node-sdk:4.0.1',
    'x-authing-lang': lang,
    date: new Date().toUTCString(),
  };
  for (const [name, value] of Object.entries(call.change ?? {})) {
    const key = name === 'date' || name.startsWith('x-') ? name : `x-authing-${name}`;
    delete headers[key];
    if (value !== null) headers[key] = value;
  }
  const rename = (text: string) => text.replaceAll('x-authing-', prefix);
  const text = rename(buildStringToSign(method, path, headers, call.query ?? call.body ?? {}));
  const signature = buildSignature(call.accessKeySecret ?? emulator.accessKeySecret, text);
  const scheme = prefix === 'x-genauth-' ? 'GenAuth' : 'authing';
  return {
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [rename(name), value])),
    'content-type': 'application/json',
    authorization: `${scheme} ${call.accessKeyId ?? emulator.accessKeyId}:${signature}`,
  };
}

/** Sends headers and body as they are: for replays, tokens and signatures of one's own. */
export async function sendRaw(emulator: Emulator, headers: Record<string, string>, call: SignedCall): Promise<Reply> {
  const { method = 'POST', path = '/api/v3/kick-users', body, query, dispatcher, signal } = call;
  const answer = await request(`${emulator.url}${path}`, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    ...(query && { query }),
    ...(dispatcher && { dispatcher }),
    ...(signal && { signal }),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, text, envelope: parse(text) };
}

export function sendSigned(emulator: Emulator, call: SignedCall): Promise<Reply> {
  return sendRaw(emulator, signHeaders(emulator, call), call);
}

function parse(text: string): Reply['envelope'] {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
