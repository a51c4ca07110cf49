/** What keeps another attempt from being made says nothing of GenAuth: the failure of the one before it is told. */
import { notToBeSent } from '../../src/jobs/line-outcomes';
import { startTestClient } from '../helpers/start-client';

it('a line that may not be sent again fails of what it was told before', async () => {
  const { genauth, client } = await startTestClient();
  genauth.faults.always({ kind: 'status', status: 429 });
  let attempts = 0;
  const beforeSend = async (): Promise<void> => {
    if (++attempts > 1) throw notToBeSent();
  };
  const kicked = client.kickUser({ userId: 'u', userIdType: 'user_id', appIds: ['a'] }, { requestId: 'r', beforeSend });
  await expect(kicked).rejects.toMatchObject({ code: 'RATE_LIMITED', mayHaveTakenEffect: false });
  expect([attempts, genauth.receivedCount()]).toEqual([2, 1]);
});
