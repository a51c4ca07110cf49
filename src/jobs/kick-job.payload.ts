import { createUnionType, Field, ObjectType } from 'type-graphql';
import type { AppError } from '../errors';
import { FieldError, MutationError } from '../graphql/mutation-error.type';
import type { JobRow } from './kick-job.repository';
import { KickJob, toKickJob } from './kick-job.type';

const FIELD_ERRORS = 'The broken rules of the input, the first hundred; empty unless the code is `INVALID_INPUT`.';

@ObjectType({ simpleResolvers: true, description: 'The job is accepted, durably; or was before, under the same key.' })
export class StartKickJobSuccess {
  @Field(() => KickJob, { description: 'The job.' })
  job: KickJob;

  constructor(row: JobRow) {
    this.job = toKickJob(row);
  }
}

@ObjectType({
  simpleResolvers: true,
  implements: MutationError,
  description: 'No job was begun; with `AUDIT_UNAVAILABLE` it may have been, and the same key tells.',
})
export class StartKickJobError extends MutationError {
  @Field(() => [FieldError], { description: FIELD_ERRORS })
  fieldErrors: FieldError[];

  constructor(error: AppError) {
    super(error);
    this.fieldErrors = error.inputFaults;
  }
}

@ObjectType({
  simpleResolvers: true,
  description: 'The job is cancelled: nothing new is sent; calls in flight are still answered.',
})
export class CancelKickJobSuccess {
  @Field(() => KickJob, { description: 'The job.' })
  job: KickJob;

  constructor(row: JobRow) {
    this.job = toKickJob(row);
  }
}

@ObjectType({
  simpleResolvers: true,
  implements: MutationError,
  description: 'The job was not cancelled; with `AUDIT_UNAVAILABLE` it may have been.',
})
export class CancelKickJobError extends MutationError {
  @Field(() => [FieldError], { description: FIELD_ERRORS })
  fieldErrors: FieldError[];

  constructor(error: AppError) {
    super(error);
    this.fieldErrors = error.inputFaults;
  }
}

export const StartKickJobPayload = createUnionType({
  name: 'StartKickJobPayload',
  description: 'What became of a request for a job: select both members, and decide by `__typename`.',
  types: () => [StartKickJobSuccess, StartKickJobError] as const,
});

export const CancelKickJobPayload = createUnionType({
  name: 'CancelKickJobPayload',
  description: 'What became of a cancellation: select both members, and decide by `__typename`.',
  types: () => [CancelKickJobSuccess, CancelKickJobError] as const,
});
