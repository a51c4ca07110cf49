/** Jobs outlast everything, at length: `npm run test:durability`. */
import { withPostgres } from '../helpers/stores';
import { describeBigJob } from './big-job.suite';
import { describeGateways } from './gateways.suite';
import { describeKills } from './kills.suite';
import { describeDatabaseRestart, describeGenAuthOutage } from './outages.suite';

describe('jobs on the embedded store outlast', () => {
  describeKills('embedded', { rounds: 20, users: 300 });
  describeGenAuthOutage('embedded', { downMs: 20_000 });
  describeBigJob('embedded');
});

withPostgres('jobs on PostgreSQL outlast', () => {
  describeKills('postgres', { rounds: 20, users: 300 });
  describeGenAuthOutage('postgres', { downMs: 20_000 });
  describeGateways({ users: 1500, pauseMs: 30_000 });
  describeDatabaseRestart();
  describeBigJob('postgres');
});
