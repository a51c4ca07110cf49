import { withPostgres } from '../helpers/stores';
import { restartInTurn } from '../process/rolling-restart';

withPostgres('a rolling restart under steady load', () => {
  it('fails no mutation and loses no audit record in five rounds', async () => {
    await restartInTurn(5);
  });
});
