/** What counts as this machine. RFC 5735, section 3 (127/8); RFC 4291, section 2.5.3 (::1); RFC 6761 (localhost). */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/** The host name of a Host header: without the port, brackets of IPv6 kept or not. Empty when it is malformed. */
export function hostnameOf(hostHeader: string | undefined): string {
  const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(hostHeader ?? '');
  return match?.[1] ?? '';
}

/** A host and its port as RFC 3986, section 3.2, has them. */
const AUTHORITY = /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+,;=%-]+)(?::\d*)?$/i;

/** For RFC 9112, section 3.2: whether a Host header names a host. Callers use the same few, so the last one is remembered. */
export function createHostCheck(): (hostHeader: string | undefined) => boolean {
  let last: string | undefined;
  return (host) => {
    if (host !== undefined && host === last) return true;
    if (host === undefined || !AUTHORITY.test(host) || !isUrl(`http://${host}/`)) return false;
    last = host;
    return true;
  };
}

/** Credentials, and keys to judge them by, may only travel encrypted, except on this machine. */
export function isSafeUrl(address: string): boolean {
  if (!isUrl(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

/** Whether a text is an absolute URL. `URL.canParse` of Node 20 forgets, once it is optimised, about host names beyond ASCII. */
export function isUrl(text: string): boolean {
  try {
    return new URL(text).href !== '';
  } catch {
    return false;
  }
}
