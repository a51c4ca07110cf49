/** What is true of a job that was asked for, or was to be cancelled, when the database went away. */

/** Of this request: the same key may have begun a job before. */
export const BEGUN_NOTHING =
  'The database cannot be used at the moment. This request has begun no job; ask again with the same idempotency key.';
export const MAY_BE_ACCEPTED =
  'The database cannot be used at the moment. The job may have been accepted all the same: ask again with the same idempotency key, and it is begun once.';
export const MAY_BE_CANCELLED =
  'The database cannot be used at the moment. The job may have been cancelled all the same: ask again.';
