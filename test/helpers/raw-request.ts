/** Requests that fetch doesn't let a test make: any Host header, bodies that are never finished. */
import { request, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** Parsed. */
  body: Record<string, unknown>;
}

export interface RawRequest {
  method?: string;
  headers?: Record<string, string>;
  /** Written as it is, chunked unless `content-length` is among the headers. */
  body?: string;
  /** Sends no end after the body. */
  isUnfinished?: boolean;
}

export const sendRaw = (url: string, { method = 'GET', headers = {}, body = '', isUnfinished = false }: RawRequest) =>
  new Promise<RawAnswer>((resolve, reject) => {
    // Node would put its own in the place of an empty Host.
    const setHost = headers['host'] === undefined;
    const outgoing = request(url, { method, headers, setHost, agent: false }, (response) => {
      text(response)
        .then((json) =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(json) }),
        )
        .catch(reject)
        .finally(() => outgoing.destroy());
    });
    outgoing.on('error', reject);
    if (isUnfinished) outgoing.write(body);
    else outgoing.end(body === '' ? undefined : body);
  });
