/** Rules for the value of one variable. Messages say what a value must be; none repeats it. */
import { z } from 'zod';
import { isSafeUrl, isUrl } from './http/loopback';

/** No upper bound of our own: whoever sets a timer caps the value at what a timer can take. */
export const anyWholeNumber = (min: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform((digits) => Math.min(Number(digits), Number.MAX_SAFE_INTEGER))
    .refine((value) => value >= min, `must be at least ${min}`);
export const wholeNumber = (min: number, defaultValue: number) => anyWholeNumber(min).default(defaultValue);

/** 0: any that is free. */
export const portNumber = anyWholeNumber(0).refine((port) => port <= 65_535, 'must be at most 65535');

export const trueOrFalse = (defaultValue: boolean) =>
  z
    .enum(['true', 'false'], 'must be true or false')
    .transform((value) => value === 'true')
    .default(defaultValue);

export const url = (message = 'must be an address such as https://api.genauth.ai') =>
  z.string().refine((value) => isUrl(value), message);

/** What is no address at all has a fault of its own already. */
export const isNoUnsafeUrl = (value: string): boolean => !isUrl(value) || isSafeUrl(value);
export const SAFE_URL = 'must begin with https:// (http:// on loopback only)';

/** GenAuth's path is part of what is signed, so the host is an origin and nothing more. */
export const isOrigin = (value: string): boolean => {
  if (!isUrl(value)) return true;
  const { pathname, search, hash, username, password } = new URL(value);
  return pathname === '/' && search === '' && hash === '' && username === '' && password === '';
};

/** OpenID Connect Discovery 1.0, section 3. Checked as written: an issuer is compared as written. */
export const isIssuer = (value: string): boolean => !/[?#]|[^\x21-\x7e]/.test(value) && hasNoPassword(value);

export const hasNoPassword = (value: string): boolean => {
  if (!isUrl(value)) return true;
  const { username, password } = new URL(value);
  return username === '' && password === '';
};

/** A password with `#`, `/` or `?` in it ends the host where it should not; what has no such beginning has a fault already. */
export const isOneDatabase = (value: string): boolean => {
  if (!/^postgres(ql)?:/.test(value)) return true;
  if (!isUrl(value)) return false;
  const { pathname, hash } = new URL(value);
  return hash === '' && !pathname.includes('@');
};
export const ONE_DATABASE =
  'must be an address such as postgres://USER:PASSWORD@HOST/NAME: one host, and in the password %23 for #, %2F for / and %3F for ?';

/** Of extensions of browsers and of apps in a shell of their own, such as `capacitor://localhost`: URLs that to `URL` have none. */
const OWN_SCHEME = /^[a-z][a-z\d+.-]*:\/\/[^/?#@\s\p{Lu}]+$/u;

/** As browsers send it. `*` may stand in the host of a URL. */
export const isExactOrigin = (value: string): boolean => {
  if (value.includes('*') || !isUrl(value)) return false;
  const { origin } = new URL(value);
  return origin === 'null' ? OWN_SCHEME.test(value) : origin === value;
};

/** What can stand in a header as it is: visible ASCII (RFC 9110, section 5.5). */
export const headerText = z.string().regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces');

/** What files and secrets are often given at their ends would be taken for a part of it, and fit nothing. */
export const wholeText = z
  .string()
  .refine((value) => value.trim() === value, 'must not begin or end with a blank or a line break');

/** A blank too many, as env files with CRLF bring along, or a capital, would switch off all that production asks for. */
export const isNoMisspeltProduction = (value: string): boolean => value === 'production' || !/^\W*prod/i.test(value);
