import { createUnionType, Field, Int, ObjectType } from 'type-graphql';
import { ID } from '../graphql/id';
import type { AppError } from '../errors';
import { FieldError, MutationError } from '../graphql/mutation-error.type';
import type { KickResult } from './kick-users.service';

@ObjectType({ simpleResolvers: true, description: 'GenAuth has said clearly that the user is out of the apps.' })
export class KickUsersSuccess {
  @Field(() => Boolean, { description: "GenAuth's `data.success`; always true here." })
  success: boolean;

  @Field(() => Int, { description: "GenAuth's `statusCode` from its envelope; always 200 here." })
  statusCode: number;

  @Field(() => String, { description: "GenAuth's message; its language and wording vary, and it may be empty." })
  message: string;

  @Field(() => ID, { nullable: true, description: "GenAuth's id of the request, for its support; not always given." })
  requestId: string | null;

  @Field(() => ID, {
    description:
      'The record in the audit trail that was written before GenAuth was called. Where kicks go ahead without their record, it may stand in the log only; the record of the outcome names it in `follows` all the same.',
  })
  auditId: string;

  constructor(result: KickResult) {
    this.success = true;
    this.statusCode = result.statusCode;
    this.message = result.message;
    this.requestId = result.requestId;
    this.auditId = result.auditId;
  }
}

@ObjectType({
  simpleResolvers: true,
  implements: MutationError,
  description:
    'The user was not clearly forced offline. `mayHaveTakenEffect` says whether it may have happened anyhow.',
})
export class KickUsersError extends MutationError {
  @Field(() => Int, { nullable: true, description: "GenAuth's `statusCode` from its envelope, if it sent one." })
  statusCode: number | null;

  @Field(() => Int, { nullable: true, description: "GenAuth's `apiCode`, the cause in its own terms, if it sent one." })
  apiCode: number | null;

  @Field(() => ID, { nullable: true, description: "GenAuth's id of the request, for its support, if it sent one." })
  requestId: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The record in the audit trail; null where there is none, as for refused input.',
  })
  auditId: string | null;

  @Field(() => Boolean, {
    description:
      'True if any attempt may have reached GenAuth without a clear refusal; false whenever nothing was sent.',
  })
  mayHaveTakenEffect: boolean;

  @Field(() => [FieldError], {
    description: 'The broken rules of the input, the first hundred; empty unless the code is `INVALID_INPUT`.',
  })
  fieldErrors: FieldError[];

  constructor(error: AppError) {
    super(error);
    this.statusCode = error.statusCode;
    this.apiCode = error.apiCode;
    this.requestId = error.upstreamRequestId;
    this.auditId = error.auditId;
    this.mayHaveTakenEffect = error.mayHaveTakenEffect;
    this.fieldErrors = error.inputFaults;
  }
}

export const KickUsersPayload = createUnionType({
  name: 'KickUsersPayload',
  description: 'What became of a kick: select both members, and decide by `__typename`.',
  types: () => [KickUsersSuccess, KickUsersError] as const,
});
