import { randomUUID } from 'node:crypto';

import type { Call } from './call';
import { answerWith, type Answer } from './envelope';
import type { EchoSource, Fault } from './fault';

export interface Keys {
  accessKeyId: string;
  accessKeySecret: string;
}

const HTML = '<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>';
/** What a kick's success looks like, for faults that begin like one. */
export const SUCCESS = { statusCode: 200, message: 'Success', data: { success: true } };

type AnswerFault = Extract<
  Fault,
  { kind: 'html' | 'empty' | 'redirect' | 'status' | 'http' | 'oversized' | 'echo' | 'envelope' }
>;

/** The faults that are complete HTTP answers. */
export function wrongAnswer(fault: AnswerFault, call: Call, keys: Keys): Answer {
  switch (fault.kind) {
    case 'html':
      return { httpStatus: fault.status ?? 200, headers: { 'content-type': 'text/html' }, body: HTML };
    case 'empty':
      return { httpStatus: fault.status ?? 200, headers: {}, body: '' };
    case 'redirect':
      return { httpStatus: fault.status ?? 307, headers: { location: fault.location ?? '/redirected' }, body: '' };
    case 'status': {
      const headers = { 'content-type': 'text/plain', ...fault.headers };
      return { httpStatus: fault.status, headers, body: `upstream status ${fault.status}` };
    }
    case 'http':
      return { httpStatus: fault.status, headers: fault.headers ?? {}, body: fault.body };
    case 'oversized': {
      const padding = fault.bytes - JSON.stringify(SUCCESS).length + SUCCESS.message.length;
      return answerWith({ ...SUCCESS, message: 'x'.repeat(Math.max(0, padding)) });
    }
    case 'echo': {
      const { statusCode = 400, apiCode } = fault;
      const message = `refused: ${'text' in fault ? fault.text : echo(fault.what, call, keys)}`;
      const body = { statusCode, message, requestId: randomUUID(), apiCode };
      return { httpStatus: 200, headers: {}, body };
    }
    case 'envelope': {
      const { statusCode, message = '', requestId = randomUUID(), apiCode, data, httpStatus = 200 } = fault;
      return { httpStatus, headers: {}, body: { statusCode, message, requestId, apiCode, data } };
    }
  }
}

function echo(what: EchoSource, { headers }: Call, keys: Keys): string {
  const authorization = headers['authorization'] ?? '';
  switch (what) {
    case 'authorization':
      return authorization;
    case 'signature':
      return authorization.slice(authorization.indexOf(':') + 1);
    case 'nonce':
      return headers['x-authing-signature-nonce'] ?? headers['x-genauth-signature-nonce'] ?? '';
    case 'access-key-id':
      return keys.accessKeyId;
    case 'access-key-secret':
      return keys.accessKeySecret;
  }
}
