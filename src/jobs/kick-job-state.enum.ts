import { registerEnumType } from 'type-graphql';

export const KickJobState = {
  QUEUED: 'QUEUED',
  RUNNING: 'RUNNING',
  CANCELLING: 'CANCELLING',
  CANCELLED: 'CANCELLED',
  COMPLETED: 'COMPLETED',
} as const;
export type KickJobState = (typeof KickJobState)[keyof typeof KickJobState];

registerEnumType(KickJobState, {
  name: 'KickJobState',
  description: 'How far a job has come. A job never fails as a whole: each of its users has an outcome.',
  valuesConfig: {
    QUEUED: { description: 'Accepted; nothing was sent yet.' },
    RUNNING: { description: 'Being worked through, or waiting: see `pausedReason`.' },
    CANCELLING: { description: 'Cancelled; calls in flight are still being answered.' },
    CANCELLED: { description: 'Cancelled and over; who was not called any more is `SKIPPED`.' },
    COMPLETED: { description: 'Over; every user has an outcome.' },
  },
});
