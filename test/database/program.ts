// A program with an embedded database, for tests that kill it: `program.ts <data directory> <elsewhere>`.
import { setTimeout as sleep } from 'node:timers/promises';
import { closeConnection, connect } from '../../src/database/connect.ts';
import { startEmbedded } from '../../src/database/embedded.ts';

const [dataDir = '', elsewhere = ''] = process.argv.slice(2);
const tell = (fact: object): void => void process.stdout.write(`${JSON.stringify(fact)}\n`);

const embedded = await startEmbedded({ dataDir, elsewhere, fsync: false });
const sql = connect({ url: embedded.url, max: 1 });

/** Goes on using the database for a while after it was asked to end, as a server does that drains. */
const drain = async (): Promise<void> => {
  await sleep(200);
  const [row] = await sql`select 1 as alive`;
  await closeConnection(sql);
  await embedded.stop();
  tell({ drained: row?.alive === 1 });
};

process.once('SIGINT', () => void drain());
process.stdin.once('data', () => void drain().then(() => process.exit()));
await sql`select 1`;
tell({ url: embedded.url, adopted: embedded.adopted, joined: embedded.joined });
