/** What the error members of all payload unions have in common. */
import { Field, Int, InterfaceType, ObjectType, registerEnumType } from 'type-graphql';
import { ErrorCode, type AppError } from '../errors';

registerEnumType(ErrorCode, {
  name: 'KickErrorCode',
  description: 'Why a mutation did not succeed. Decide by this code, never by the message.',
  valuesConfig: {
    INVALID_INPUT: { description: 'The input breaks a rule; `fieldErrors` says which. GenAuth was not called.' },
    USER_NOT_FOUND: { description: 'GenAuth knows no such user.' },
    APP_NOT_FOUND: { description: 'GenAuth knows no such app.' },
    REJECTED: { description: 'GenAuth refused for another reason; see `statusCode`, `apiCode` and `message`.' },
    RATE_LIMITED: { description: 'Too many calls, by GenAuth or by this gateway; wait `retryAfterSeconds`.' },
    UPSTREAM_TIMEOUT: { description: 'GenAuth gave no complete answer in time; the kick may have taken effect.' },
    UPSTREAM_UNAVAILABLE: { description: 'GenAuth could not be reached, or failed; see `mayHaveTakenEffect`.' },
    UPSTREAM_INVALID_RESPONSE: {
      description: 'GenAuth, or something in between, gave an answer that is not the documented one.',
    },
    UPSTREAM_REFUSED_CREDENTIALS: {
      description: "GenAuth refused this gateway's key: for its operators to mend, not the caller.",
    },
    AUDIT_UNAVAILABLE: {
      description:
        'The database, where the record is kept, cannot be used at the moment. Of a kick nothing was done; of a job `message` says what may have been.',
    },
    IDEMPOTENCY_CONFLICT: {
      description:
        'The idempotency key was used before with another input, or with one that has been erased since (`audit:erase`).',
    },
    JOB_NOT_FOUND: { description: 'There is no such job, or it is not for this caller to see.' },
    JOB_FINISHED: { description: 'The job is finished, so the request comes too late.' },
    TOO_MANY_JOBS: { description: 'The caller has as many unfinished jobs as one may have.' },
  },
});

@ObjectType({ simpleResolvers: true, description: 'One broken rule of an input.' })
export class FieldError {
  @Field(() => [String], {
    description: 'Where in the input: field names and list positions, such as `["appIds", "3"]`.',
  })
  path!: string[];

  @Field(() => String, { description: 'Which rule is broken. Never repeats the refused value.' })
  message!: string;
}

@InterfaceType({ description: 'What every failed mutation tells.' })
export abstract class MutationError {
  @Field(() => ErrorCode, { description: 'Why it failed, from a closed list.' })
  code: ErrorCode;

  @Field(() => String, { description: 'The same for people to read; its wording may change.' })
  message: string;

  @Field(() => Boolean, { description: 'Whether the same call can succeed later.' })
  retryable: boolean;

  @Field(() => Int, { nullable: true, description: 'Seconds to wait before another try, where that is known.' })
  retryAfterSeconds: number | null;

  constructor(error: AppError) {
    this.code = error.code;
    this.message = error.message;
    this.retryable = error.isRetryable;
    this.retryAfterSeconds = error.retryAfterSeconds;
  }
}
