import { registerEnumType } from 'type-graphql';

export const KickReason = {
  LEAKED_CREDENTIAL: 'LEAKED_CREDENTIAL',
  OFFBOARDING: 'OFFBOARDING',
  SUSPICIOUS_ACTIVITY: 'SUSPICIOUS_ACTIVITY',
  ADMIN_REQUEST: 'ADMIN_REQUEST',
  OTHER: 'OTHER',
} as const;
export type KickReason = (typeof KickReason)[keyof typeof KickReason];

registerEnumType(KickReason, {
  name: 'KickReason',
  description: 'Why a user is forced offline. Kept on our side only; GenAuth is never told.',
  valuesConfig: {
    LEAKED_CREDENTIAL: { description: 'A password, token or device of the user has leaked or been stolen.' },
    OFFBOARDING: { description: 'The user has left, or has lost the right to use the apps.' },
    SUSPICIOUS_ACTIVITY: { description: 'The session behaves as if somebody else were using it.' },
    ADMIN_REQUEST: { description: 'An administrator, or the users themselves, asked for it.' },
    OTHER: { description: 'None of the others; name in `ticket` what tells more.' },
  },
});
