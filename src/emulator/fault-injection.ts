import type { ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';

import type { Call } from './call';
import type { Answer } from './envelope';
import type { Fault } from './fault';
import { writeAnswer } from './write-answer';
import { SUCCESS, wrongAnswer, type Keys } from './wrong-answer';

/** One call that is to go wrong. */
export interface FaultyExchange {
  call: Call;
  response: ServerResponse;
  keys: Keys;
  /** Carries the call out and says what the answer would be. */
  carryOut: () => Answer;
  /** Ends waiting and dripping when the emulator stops. */
  signal: AbortSignal;
}

/** Lets the call go wrong as the fault says. Settles when nothing is left to do; rejects if the emulator is stopped meanwhile. */
export async function injectFault(fault: Fault, exchange: FaultyExchange): Promise<void> {
  const { response, carryOut, signal } = exchange;
  const carriedOut = fault.afterEffect === true || fault.kind === 'delay-after-effect' ? carryOut() : null;
  switch (fault.kind) {
    case 'delay':
    case 'delay-after-effect':
      await setTimeout(fault.ms, undefined, { signal });
      return writeAnswer(response, carriedOut ?? carryOut());
    case 'never':
      return;
    case 'drop':
      response.socket?.end();
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'truncated':
      return truncate(response);
    case 'drip':
      return drip(response, fault.ms ?? 50, signal);
    case 'html':
    case 'empty':
    case 'redirect':
    case 'status':
    case 'http':
    case 'oversized':
    case 'echo':
    case 'envelope':
      return writeAnswer(response, wrongAnswer(fault, exchange.call, exchange.keys));
  }
}

function truncate(response: ServerResponse): void {
  const body = JSON.stringify(SUCCESS);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.write(body.slice(0, -10), () => response.socket?.end());
}

async function drip(response: ServerResponse, ms: number, signal: AbortSignal): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{');
  while (!response.destroyed) {
    await setTimeout(ms, undefined, { signal });
    response.write(' ');
  }
}
