/** Whoever may not read other people's jobs lists their own: without this, all jobs are read for somebody who has few or none. */
export const jobsOfCallers = `
  create index kick_jobs_of_callers on kick_jobs (issuer, subject, position);
`;
