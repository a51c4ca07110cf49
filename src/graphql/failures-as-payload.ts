import type { MiddlewareFn } from 'type-graphql';
import type { RequestContext } from '../context';
import { AppError } from '../errors';
import { logAway } from './log-away';

/**
 * The one place where failures of a mutation become the error member of its union: refused input as well as whatever
 * the service throws. It runs inside the auth checker and around the validation of arguments. Anything that isn't an
 * AppError is a bug, and passes on to be masked.
 */
export const failuresAsPayload =
  (errorMember: new (error: AppError) => object): MiddlewareFn<RequestContext> =>
  async ({ context }, next) => {
    try {
      const payload: unknown = await next();
      return payload;
    } catch (error) {
      logAway(error, context);
      if (error instanceof AppError) return new errorMember(error);
      throw error;
    }
  };
