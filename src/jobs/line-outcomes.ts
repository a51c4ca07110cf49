/** Outcomes of a line that need no explanation from GenAuth. */
export const CANCELLED = {
  state: 'SKIPPED',
  code: null,
  message: 'the job was cancelled',
  verifiedOffline: null,
} as const;
export const CUT_SHORT = {
  ...CANCELLED,
  message: 'the job was cancelled between the calls for this user; some of the apps were done',
} as const;
export const KICKED = { state: 'KICKED', code: null, message: null, verifiedOffline: null } as const;
