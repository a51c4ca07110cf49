import { withPostgres } from '../helpers/stores';
import { restartInTurn } from './rolling-restart';

withPostgres('a rolling restart under steady load', () => {
  it('fails no mutation and loses no audit record: two rounds, five in `npm run test:durability`', async () => {
    await restartInTurn(2);
  }, 180_000);
});
