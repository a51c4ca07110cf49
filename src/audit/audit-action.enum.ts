import { registerEnumType } from 'type-graphql';

export const AuditAction = {
  KICK_REQUESTED: 'KICK_REQUESTED',
  KICK_SUCCEEDED: 'KICK_SUCCEEDED',
  KICK_FAILED: 'KICK_FAILED',
  FORBIDDEN: 'FORBIDDEN',
  RATE_LIMITED: 'RATE_LIMITED',
  JOB_STARTED: 'JOB_STARTED',
  JOB_RETRIED: 'JOB_RETRIED',
  JOB_CANCELLED: 'JOB_CANCELLED',
  JOB_FINISHED: 'JOB_FINISHED',
  USER_RESOLVED: 'USER_RESOLVED',
  TARGETS_ERASED: 'TARGETS_ERASED',
  CHAIN_OPENED: 'CHAIN_OPENED',
  OTHER: 'OTHER',
} as const;
export type AuditAction = (typeof AuditAction)[keyof typeof AuditAction];

/** What this release records. */
export type RecordedAction = Exclude<AuditAction, 'OTHER'>;

registerEnumType(AuditAction, {
  name: 'AuditAction',
  description: 'What a record of the audit trail tells of.',
  valuesConfig: {
    KICK_REQUESTED: { description: 'Somebody asked for a kick. Written before GenAuth is called.' },
    KICK_SUCCEEDED: { description: 'GenAuth said clearly that the user is out.' },
    KICK_FAILED: { description: 'GenAuth did not say so, or not clearly: see `code` and `mayHaveTakenEffect`.' },
    FORBIDDEN: { description: 'A known caller asked for something that their scopes do not allow.' },
    RATE_LIMITED: { description: 'A known caller asked for more kicks in a minute than one may.' },
    JOB_STARTED: { description: 'A job for many users was accepted; with `mayHaveTakenEffect`, it may have been.' },
    JOB_RETRIED: {
      description:
        'A job was accepted for the failed and unknown users of another one; with `mayHaveTakenEffect`, it may have been.',
    },
    JOB_CANCELLED: {
      description:
        'Somebody cancelled a job, or with `mayHaveTakenEffect` may have; calls in flight were still answered.',
    },
    JOB_FINISHED: { description: 'The last user of a job was answered for; `details` counts the outcomes.' },
    USER_RESOLVED: {
      description: 'What became of a user of a job whose kick had no clear answer was settled by reading back.',
    },
    TARGETS_ERASED: { description: 'Personal data of older records was erased; the records themselves stay.' },
    CHAIN_OPENED: { description: 'A gateway began a chain of records; `details` has the heads of earlier chains.' },
    OTHER: { description: 'Something that only a newer release of the gateway knows: read the trail with that one.' },
  },
});
