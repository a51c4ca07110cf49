/** An exchange that is told as over: nothing of it may happen afterwards. The dispatcher does what the test says, when it likes. */
import { Dispatcher } from 'undici';
import { exchange, MAX_ANSWER_BYTES, type OutgoingRequest, type SendingRules } from '../../src/genauth/transport';
import { CallerHangUp } from '../../src/hang-up';

const REQUEST: OutgoingRequest = { method: 'POST', path: '/api/v3/kick-users', headers: {}, body: '{}' };
const PATIENT_MS = 3_600_000;

/** Takes a request, and has no connection for it yet. */
class HeldDispatcher extends Dispatcher {
  handler: Dispatcher.DispatchHandler = {};
  override dispatch(_options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.handler = handler;
    return true;
  }
}

function start(timeoutMs: number, rules?: SendingRules) {
  const dispatcher = new HeldDispatcher();
  const abort = jest.fn();
  const controller: Dispatcher.DispatchController = {
    aborted: false,
    paused: false,
    reason: null,
    abort,
    pause: () => undefined,
    resume: () => undefined,
  };
  const answer = exchange(dispatcher, REQUEST, timeoutMs, rules);
  const { handler } = dispatcher;
  /** As undici does it when a connection stands; throwing keeps the request from being written to it. */
  const connect = () => handler.onRequestStart?.(controller, {});
  return { answer, handler, controller, connect, abort };
}

describe('a request that was told as not sent is kept back, and the connection left to others', () => {
  it('when its time is over before there is a connection', async () => {
    const { answer, connect, abort } = start(5);
    await expect(answer).rejects.toMatchObject({ failure: 'not-sent' });
    expect(connect).toThrow('Given up before it was sent.');
    expect(abort).not.toHaveBeenCalled();
  });

  it('when its caller has hung up by then', async () => {
    const hangUp = new CallerHangUp();
    const { answer, connect, abort } = start(PATIENT_MS, { hangUp });
    hangUp.note();
    await expect(answer).rejects.toMatchObject({ failure: 'hung-up' });
    expect(connect).toThrow('Given up before it was sent.');
    expect(abort).not.toHaveBeenCalled();
  });

  it('when there is a connection, and it may not go any more', async () => {
    const { answer, connect, abort } = start(PATIENT_MS, { maySend: () => false });
    expect(connect).toThrow('Given up before it was sent.');
    await expect(answer).rejects.toMatchObject({ failure: 'stale' });
    expect(abort).not.toHaveBeenCalled();
  });
});

it('one that was sent is broken off when no answer comes in time', async () => {
  const { answer, connect, abort } = start(5);
  connect();
  await expect(answer).rejects.toMatchObject({ failure: 'timeout' });
  expect(abort).toHaveBeenCalledTimes(1);
});

it('an answer is broken off, and told as unreadable, when it is too large', async () => {
  const { answer, handler, controller, connect, abort } = start(PATIENT_MS);
  connect();
  handler.onResponseStart?.(controller, 200, {});
  handler.onResponseData?.(controller, Buffer.alloc(MAX_ANSWER_BYTES));
  expect(abort).not.toHaveBeenCalled();
  handler.onResponseData?.(controller, Buffer.alloc(1));
  expect(abort).toHaveBeenCalledTimes(1);
  await expect(answer).resolves.toEqual({ httpStatus: 200, retryAfter: null, body: null });
});
