/**
 * What callers choose freely may be somebody's e-mail, phone or token pasted into the wrong place. Such texts go into a
 * log line or an error only if their shape rules that out.
 */

/** The kinds of names that a schema uses, `__typename` included: words, a number of two digits at most. */
const NAME = /^(__)?([A-Za-z]+\d{0,2}|[A-Z]+(_[A-Z]+)+)$/;
const MAX_NAME_LENGTH = 40;

/** A name of a GraphQL document that may be repeated. */
export const isLoggableName = (name: string): boolean => name.length <= MAX_NAME_LENGTH && NAME.test(name);

/** Such as INC-1042, #77, SEC_12345: what ticket systems give out. */
const TICKET = /^(?:[A-Za-z]{1,12}[-_ ]?|#)\d{1,8}$/;

/** The ticket if it looks like one; null when it says more than that, or nothing. */
export const loggableTicket = (ticket: string | null | undefined): string | null =>
  ticket != null && TICKET.test(ticket) ? ticket : null;

/** 24 lower-case letters and digits, as GenAuth gives out for apps. */
const APP_ID = /^[0-9a-z]{24}$/;

/** Ids of another shape are not repeated, only counted by their places. */
export const loggableAppIds = (appIds: readonly string[]): string[] =>
  appIds.map((id) => (APP_ID.test(id) ? id : '[unusual]'));
