/** `kick`: somebody waits for this one call to GenAuth. `job`: one of many, which wait as long as it takes. */
export type Priority = 'kick' | 'job';
