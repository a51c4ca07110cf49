import type { Endpoint } from './input';
import { malformed, Refusal, refuse } from './refusal';
import { issueToken } from './token';

/** POST /api/v3/get-management-token, called without authentication: keys for a token. */
export const getManagementToken: Endpoint = (params, { options }) => {
  const { accessKeyId, accessKeySecret } = params;
  if (typeof accessKeyId !== 'string' || accessKeyId === '') throw malformed('accessKeyId', options);
  if (typeof accessKeySecret !== 'string' || accessKeySecret === '') throw malformed('accessKeySecret', options);
  if (accessKeyId !== options.accessKeyId || accessKeySecret !== options.accessKeySecret) {
    const { statusCode, text } = refuse('badSignature', options);
    throw new Refusal(statusCode, text, options.badKeyApiCode);
  }
  const lifetimeSeconds = options.tokenLifetimeSeconds;
  const token = issueToken(options.accessKeyId, options.accessKeySecret, options.now(), lifetimeSeconds);
  return { access_token: token, expires_in: lifetimeSeconds };
};
