import type { IncomingMessage } from 'node:http';

import type { Lang } from './envelope';

/** One request as it arrived, before anything is checked. */
export interface Call {
  method: string;
  /** Without the query. */
  path: string;
  /** Lower-case names. */
  headers: Record<string, string>;
  rawBody: string;
  /** The parsed JSON body; undefined when there is none, or it is not JSON, or nested too deep. */
  body: unknown;
  /** URL-decoded; `k[]=a&k[]=b` and a repeated `k` are folded into an array. */
  query: Record<string, string | string[]>;
  /** When its last byte was read, in Unix milliseconds by the emulator's clock. */
  at: number;
  isBodyTooLarge: boolean;
}

/** Reads the request to its end; null when the client goes away first. */
export async function readCall(
  request: IncomingMessage,
  maxBodyBytes: number,
  now: () => number,
): Promise<Call | null> {
  const { method = 'GET', url = '/' } = request;
  const body = await readBody(request, maxBodyBytes);
  if (body === null) return null;
  const rawBody = body.toString('utf8');
  const mark = url.indexOf('?');
  return {
    method,
    path: mark < 0 ? url : url.slice(0, mark),
    headers: flatten(request.headers),
    rawBody,
    body: parseJson(rawBody),
    query: mark < 0 ? {} : foldQuery(url.slice(mark + 1)),
    at: now(),
    isBodyTooLarge: body.length > maxBodyBytes,
  };
}

/** The body up to what is allowed, and the chunk that goes beyond it (so that too much shows); the rest is thrown away. */
function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      if (size <= maxBytes) chunks.push(chunk);
      size += chunk.length;
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => resolve(null));
    request.on('close', () => resolve(null));
  });
}

function flatten(headers: IncomingMessage['headers']): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** Bodies nested deeper are taken as no JSON, as most servers take them: writing one again overflows the stack. */
const MAX_DEPTH = 100;

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isDeeperThan(MAX_DEPTH, value) ? undefined : value;
  } catch {
    return undefined;
  }
}

/**
 * The Node SDK signs an array as JSON under its plain name, but axios sends it as `userIds[]=a&userIds[]=b` (seen with 4.0.1 and
 * get-user-batch): whoever verifies has to fold it back.
 */
function foldQuery(search: string): Record<string, string | string[]> {
  const query = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(search)) {
    const isArray = name.endsWith('[]');
    const key = isArray ? name.slice(0, -2) : name;
    const before = query.get(key);
    if (before === undefined) query.set(key, isArray ? [value] : value);
    else query.set(key, [...(Array.isArray(before) ? before : [before]), value]);
  }
  return Object.fromEntries(query);
}

/** The call's parameters, where its method keeps them. Anything but a JSON object counts as none. */
export function paramsOf(call: Call): Readonly<Record<string, unknown>> {
  return call.method === 'GET' ? call.query : asRecord(call.body);
}

/** The value if it is a JSON object, else an empty one. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The language asked for, by either prefix. Default zh-CN, the documented one. */
export function langOf(headers: Readonly<Record<string, string>>): Lang {
  return (headers['x-authing-lang'] ?? headers['x-genauth-lang']) === 'en-US' ? 'en-US' : 'zh-CN';
}
