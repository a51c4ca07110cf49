/** What kickUsers answers, whole: a test names only what differs from the plainest answer. */
type Facts = Record<string, unknown>;

export const success = (facts: Facts = {}): Facts => ({
  __typename: 'KickUsersSuccess',
  success: true,
  statusCode: 200,
  message: 'Success',
  requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  auditId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  ...facts,
});

export const failure = (code: string, facts: Facts = {}): Facts => ({
  __typename: 'KickUsersError',
  code,
  message: expect.any(String),
  retryable: false,
  retryAfterSeconds: null,
  upstreamStatusCode: null,
  apiCode: null,
  requestId: null,
  // Whatever reached GenAuth has a record; what breaks a rule of the input did not get that far.
  failureAuditId: code === 'INVALID_INPUT' ? null : expect.stringMatching(/^[0-9a-f-]{36}$/),
  mayHaveTakenEffect: false,
  fieldErrors: [],
  ...facts,
});
