import { PRODUCT } from '../product';

/** The `WWW-Authenticate` header of 401 and 403: RFC 6750, section 3. Without an error when no token was given. */
export const challenge = (error?: 'invalid_token' | 'insufficient_scope'): string =>
  `Bearer realm="${PRODUCT.name}"${error === undefined ? '' : `, error="${error}"`}`;
