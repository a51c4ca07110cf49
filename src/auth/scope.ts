/** What a caller may do, as named in the `scope` or `permissions` claim of his token. */
export const Scope = {
  /** Kick users; start, cancel and retry jobs. */
  KICK: 'users:kick',
  /** Read jobs and the audit trail. */
  READ: 'kicks:read',
} as const;
export type Scope = (typeof Scope)[keyof typeof Scope];

export const ALL_SCOPES: readonly Scope[] = Object.values(Scope);
