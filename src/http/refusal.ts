/** Answers to requests that never became an operation; of GraphQL's form, so that clients can read them. */

/** What callers are told about requests that HTTP already refuses; Fastify's own texts may repeat parts of them. */
const REFUSALS: Record<number, [code: string, message: string]> = {
  400: ['BAD_REQUEST', 'The request is not well-formed.'],
  401: ['UNAUTHENTICATED', 'A valid bearer token is needed.'],
  404: ['NOT_FOUND', 'There is nothing at this address.'],
  405: ['METHOD_NOT_ALLOWED', 'This address does not take this method.'],
  408: ['REQUEST_TIMEOUT', 'The request took too long to come in.'],
  413: ['PAYLOAD_TOO_LARGE', 'The request body is too large.'],
  415: ['UNSUPPORTED_MEDIA_TYPE', 'Send the operation as application/json, not compressed.'],
  421: ['MISDIRECTED_REQUEST', 'Without callers’ tokens this gateway serves loopback hosts only.'],
  431: ['HEADERS_TOO_LARGE', 'The request headers are too large.'],
};

export const errorBody = (message: string, code: string, requestId: string) => ({
  errors: [{ message, extensions: { code, requestId } }],
});

/** The body that goes with an HTTP status of 4xx. */
export function refusal(status: number, requestId: string) {
  const [code, message] = REFUSALS[status] ?? ['BAD_REQUEST', 'The request is refused.'];
  return errorBody(message, code, requestId);
}
