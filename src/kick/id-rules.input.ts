/** What may be an id of a user or an app. Pure; the single kick and the jobs share it. */
import { isStorable } from '../store/storable';
import { UserIdType } from './user-id-type.enum';

/** GenAuth documents no lengths; this keeps an index entry and a request bounded. */
const MAX_ID_LENGTH = 256;
export const MAX_TICKET_LENGTH = 200;

const isBlank = (text: string): boolean => text.trim() === '';

const anything = (): boolean => true;
/**
 * One address and nothing else (RFC 5321, section 4.1.2). Not stricter: hosts of a company's own have names that no registry
 * would take, and whom GenAuth knows by such an address must not be out of reach.
 */
const ADDRESS = /^(?:"[^"]+"|[^\s@",;<>]+)@(?:\[[^\s\]]+\]|[^\s@",;<>.]+(?:\.[^\s@",;<>.]+)+)$/;
const PROVIDER_AND_ID = /^[^\s:]+:.*\S/s;

/** The shape that each kind of id implies, and how to say so. Where GenAuth documents none, anything goes. */
const SHAPES: Record<UserIdType, { hasShape: (id: string) => boolean; rule: string }> = {
  [UserIdType.USER_ID]: { hasShape: anything, rule: 'must not be blank' },
  [UserIdType.EXTERNAL_ID]: { hasShape: anything, rule: 'must not be blank' },
  [UserIdType.USERNAME]: { hasShape: anything, rule: 'must not be blank' },
  [UserIdType.CUSTOM_FIELD]: { hasShape: anything, rule: 'must not be blank' },
  [UserIdType.PHONE]: {
    hasShape: (id) => /^\+?[0-9]+$/.test(id),
    rule: 'must be digits with an optional leading + when userIdType is PHONE',
  },
  [UserIdType.EMAIL]: {
    hasShape: (id) => ADDRESS.test(id),
    rule: 'must be an e-mail address when userIdType is EMAIL',
  },
  [UserIdType.IDENTITY]: {
    hasShape: (id) => PROVIDER_AND_ID.test(id),
    rule: 'must have the form extIdpId:userIdInIdp when userIdType is IDENTITY',
  },
  [UserIdType.SYNC_RELATION]: {
    hasShape: (id) => PROVIDER_AND_ID.test(id),
    rule: 'must have the form provider:userIdInIdp when userIdType is SYNC_RELATION',
  },
};

/** The rule for all texts that are stored: what is wrong with one, or null. Characters are counted, not UTF-16 units. */
export function brokenTextRule(text: string, maxLength: number): string | null {
  const isTooLong = text.length > maxLength && [...text].length > maxLength;
  if (isTooLong) return `must have at most ${maxLength} characters`;
  return isStorable(text) ? null : 'must not contain NUL characters or broken Unicode';
}

/** What some editors put at a file's start. Nobody sees it, and GenAuth finds nobody by an id that has it. */
const BYTE_ORDER_MARK = '\ufeff';

/** The rule that an id breaks, or null when it is fine. */
export function brokenIdRule(id: string): string | null {
  if (isBlank(id)) return 'must not be blank';
  return id.includes(BYTE_ORDER_MARK) ? 'must not contain a byte order mark' : brokenTextRule(id, MAX_ID_LENGTH);
}

/** The rule that a user's id breaks, given its kind; or null. */
export function brokenUserIdRule(id: string, type: UserIdType): string | null {
  const { hasShape, rule } = SHAPES[type];
  return brokenIdRule(id) ?? (hasShape(id) ? null : rule);
}
