/** A short form of what `npm run test:durability` does at length. */
import { describeGateways } from '../durability/gateways.suite';
import { describeKills } from '../durability/kills.suite';
import { describeDatabaseRestart, describeGenAuthOutage } from '../durability/outages.suite';
import { withPostgres } from '../helpers/stores';

describe('jobs on the embedded store outlast', () => {
  describeKills('embedded', { rounds: 2, users: 150 });
  describeGenAuthOutage('embedded', { downMs: 1000 });
});

withPostgres('jobs on PostgreSQL outlast', () => {
  describeKills('postgres', { rounds: 1, users: 150 });
  describeGateways({ users: 200, pauseMs: 7000 });
  describeDatabaseRestart();
});
