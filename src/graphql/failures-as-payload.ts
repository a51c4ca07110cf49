import { Extensions } from 'type-graphql';
import { AppError } from '../errors';
import type { OnFailure } from './guard-fields';
import { logAway } from './log-away';

/**
 * The one place where failures of a mutation become the error member of its union: refused input as well as whatever
 * the service throws. It is asked after the scopes, and around the validation of arguments. Anything that isn't an
 * AppError is a bug, and passes on to be masked.
 */
export function FailuresAsPayload(errorMember: new (error: AppError) => object) {
  const onFailure: OnFailure = (error, context) => {
    logAway(error, context);
    if (error instanceof AppError) return new errorMember(error);
    throw error;
  };
  return Extensions({ onFailure });
}
