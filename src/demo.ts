/** The ready-to-run kick that start-up prints for bash and that Sandbox opens with. */
/** Whom to kick in an example. */
export interface DemoTarget {
  userId: string;
  appId: string;
}

/** Stands in where no emulator is there to kick somebody in: the samples of GenAuth's own documentation. */
export const SAMPLE_TARGET: DemoTarget = { userId: '6229ffaxxxxxxxxcade3e3d9', appId: '62188e71cxxxx3075289c580' };

/** The same as schema/operations/kick-users.graphql, which a test holds against it: the build stands alone. */
const KICK_USERS = `mutation KickUsers($input: KickUsersInput!) {
  kickUsers(input: $input) {
    __typename
    ... on KickUsersSuccess {
      success
      statusCode
      message
      requestId
      auditId
    }
    ... on KickUsersError {
      code
      message
      retryable
      retryAfterSeconds
      upstreamStatusCode: statusCode
      apiCode
      requestId
      failureAuditId: auditId
      mayHaveTakenEffect
      fieldErrors {
        path
        message
      }
    }
  }
}
`;

export interface DemoOperation {
  document: string;
  variables: { input: object };
}

/** The example operation, with a demo user in it. */
export const demoOperation = (target: DemoTarget): DemoOperation => ({
  document: KICK_USERS,
  variables: {
    input: {
      userId: target.userId,
      appIds: [target.appId],
      options: { userIdType: 'USER_ID' },
      reason: 'SUSPICIOUS_ACTIVITY',
      ticket: 'DEMO-1',
    },
  },
});

/** Quotes for bash: single quotes protect everything but themselves. */
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** @param needsToken adds a header that asks for `$TOKEN` of the shell */
export function toCurl(endpoint: string, operation: DemoOperation, needsToken: boolean): string {
  const query = operation.document.replace(/\s+/g, ' ').trim();
  const body = JSON.stringify({ query, variables: operation.variables });
  const token = needsToken ? [`-H "authorization: Bearer $TOKEN"`] : [];
  return [`curl -sS ${endpoint}`, `-H 'content-type: application/json'`, ...token, `--data-binary ${quote(body)}`].join(
    ' \\\n  ',
  );
}
