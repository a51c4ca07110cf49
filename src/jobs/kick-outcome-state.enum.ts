import { registerEnumType } from 'type-graphql';

export const KickOutcomeState = {
  PENDING: 'PENDING',
  KICKED: 'KICKED',
  FAILED: 'FAILED',
  UNKNOWN: 'UNKNOWN',
  SKIPPED: 'SKIPPED',
} as const;
export type KickOutcomeState = (typeof KickOutcomeState)[keyof typeof KickOutcomeState];

registerEnumType(KickOutcomeState, {
  name: 'KickOutcomeState',
  description: 'What became of one user of a job.',
  valuesConfig: {
    PENDING: { description: 'Not settled yet.' },
    KICKED: { description: 'GenAuth said clearly that the user is out of all apps, or was read to be so.' },
    FAILED: {
      description:
        'Clearly not, or not of all apps, or with `verify` still online: see `message`, and `code` if there is one.',
    },
    UNKNOWN: {
      description: 'Sent, without a clear answer, and reading back did not settle it: for a person to decide.',
    },
    SKIPPED: {
      description:
        'Nothing, or nothing more, was sent: a duplicate of an earlier user of the list, or the job was cancelled; `message` says which.',
    },
  },
});
