/**
 * PostgreSQL as it is in production, where it has run for days: with files of its log (WAL) that it can use again. A new
 * server has none, makes one of zeros for each 16 MB, and meanwhile, 70 ms here, no transaction ends.
 */
import { Client } from 'pg';

/** Files of 16 MB that are filled. PostgreSQL keeps some half of them, and after that those of its own checkpoints. */
const FILES = 60;
const MESSAGE_BYTES = 16 * 1024 * 1024;

/** @param url of a server that nobody else uses, as a superuser */
export async function makeUsed(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`alter system set min_wal_size = '1GB'`);
    await client.query('select pg_reload_conf()');
    for (let file = 0; file < FILES; file++) {
      await client.query(`select pg_logical_emit_message(false, 'bench', repeat('x', ${MESSAGE_BYTES}))`);
    }
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}
