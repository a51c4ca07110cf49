/** Operations over HTTP, as a front end sends them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

const OPERATIONS = path.join(__dirname, '..', '..', 'schema', 'operations');

/** The text of schema/operations/NAME.graphql. */
export const operation = (name: string): string => readFileSync(path.join(OPERATIONS, `${name}.graphql`), 'utf8');

export interface GraphQLAnswer {
  status: number;
  headers: Headers;
  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read into answers of any shape */
  data: any;
  errors: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[] | undefined;
  /** The body as it came. */
  text: string;
}

export interface ExecuteOptions {
  token?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** POSTs one operation to /graphql. */
export async function execute(
  app: { url: string; token?: string },
  query: string,
  variables: Record<string, unknown> = {},
  { token = app.token, headers, signal }: ExecuteOptions = {},
): Promise<GraphQLAnswer> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
    ...(signal && { signal }),
  });
  const text = await response.text();
  const body = JSON.parse(text);
  return { status: response.status, headers: response.headers, data: body.data, errors: body.errors, text };
}

/** Runs schema/operations/kick-users.graphql; answers the payload, or the whole answer's text when there is none. */
export async function kick(
  app: { url: string; token?: string },
  input: Record<string, unknown>,
  options?: ExecuteOptions,
) {
  const answer = await execute(app, operation('kick-users'), { input }, options);
  return answer.data?.kickUsers ?? answer;
}
