/** Why a job is not accepted. */
import { AppError, ErrorCode, InvalidInputError } from '../errors';

/** Unfinished jobs that one caller may have. */
export const MAX_OPEN_JOBS = 5;
const RETRY_AFTER_SECONDS = 10;

export const invalidId = (message: string): AppError =>
  new InvalidInputError([{ path: ['id'], message: `id ${message}` }]);

export const tooManyJobs = (): AppError =>
  new AppError(
    ErrorCode.TOO_MANY_JOBS,
    `You have ${MAX_OPEN_JOBS} unfinished jobs; wait for one to finish, or cancel one.`,
    { retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
