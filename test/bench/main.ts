// Measures what users feel beside the ceiling of the same machine in the same run: npm run bench -- --help
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeConnection, connect } from '../../src/database/connect.ts';
import { startEmbedded } from '../../src/database/embedded.ts';
import { benchInstall } from './install.ts';
import { benchKnowledge } from './knowledge.ts';
import { benchLog } from './log.ts';
import { benchMirror } from './mirror.ts';
import { benchPublish } from './publish.ts';
import { benchReads } from './reads.ts';
import type { Comparison } from './rounds.ts';
import { benchSearch } from './search.ts';
import { startService } from './service.ts';
import { benchVerify } from './verify.ts';

const json = process.argv.includes('--json');
const quick = process.argv.includes('--quick');
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);
const pace = quick
  ? { rounds: 2, milliseconds: 500, packs: 5_000 }
  : { rounds: 5, milliseconds: 3_000, packs: 50_000 };

const say = (line: string): void => void (json || process.stdout.write(`${line}\n`));
const round = (value: number): string => (value >= 100 ? Math.round(value).toString() : value.toFixed(1));

const line = ({ what, ours, ceiling, ratio, floor }: Comparison): string => {
  const verdict =
    floor === undefined
      ? ''
      : ratio >= floor
        ? ` (at least ${floor}: reached)`
        : ` (at least ${floor}: MISSED)`;
  const spread = ({ median, lowest, highest }: Comparison['ours']) =>
    `${round(median)}/s [${round(lowest)}–${round(highest)}]`;
  return `${what}\n  ${ours.name}: ${spread(ours)}\n  ${ceiling.name}: ${spread(ceiling)}\n  ratio ${ratio.toFixed(3)}${verdict}`;
};

const configuration = async (databaseUrl: string) => {
  const sql = connect({ url: databaseUrl, max: 1 });
  const [row] = await sql<{ version: string; fsync: string; commit: string }[]>`
    select version(), current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`;
  await closeConnection(sql);
  const own = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    attestry: own.version,
    node: process.version,
    postgres: row?.version,
    fsync: row?.fsync,
    synchronousCommit: row?.commit,
    blobs: 'disk, fsync of file and folder',
    cpu: `${cpus().length} × ${cpus()[0]?.model}`,
    rounds: pace,
  };
};

const BENCHES = {
  reads: benchReads,
  publish: benchPublish,
  verify: benchVerify,
  log: benchLog,
  knowledge: benchKnowledge,
  search: benchSearch,
  install: benchInstall,
  mirror: benchMirror,
};

const chosen = () =>
  Object.entries(BENCHES).flatMap(([name, bench]) => (only === undefined || only === name ? [bench] : []));

const OPTIONS = ['--json', '--quick', ...Object.keys(BENCHES).map((name) => `--only=${name}`)];
const USAGE = `npm run bench -- [--json] [--quick] [--only=${Object.keys(BENCHES).join('|')}]\n`;

const unknown = process.argv.slice(2).filter((argument) => !OPTIONS.includes(argument));
if (unknown.length > 0) {
  const asked = unknown.includes('--help');
  (asked ? process.stdout : process.stderr).write(USAGE);
  process.exit(asked ? 0 : 2);
}

const run = async (folder: string): Promise<readonly Comparison[]> => {
  const database = await startEmbedded({ dataDir: join(folder, 'postgres') });
  const service = await startService(join(folder, 'data'), database.url);
  try {
    const stated = await configuration(database.url);
    say(
      Object.entries(stated)
        .map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`)
        .join('\n'),
    );
    const results: Comparison[] = [];
    for (const bench of chosen()) {
      for await (const result of bench({ service, databaseUrl: database.url, folder, ...pace })) {
        results.push(result);
        say(`\n${line(result)}`);
      }
    }
    if (json) process.stdout.write(`${JSON.stringify({ stated, results })}\n`);
    return results;
  } finally {
    await service.stop();
    await database.stop();
  }
};

const folder = await mkdtemp(join(tmpdir(), 'attestry-bench-'));
// The database's own account, where root runs this, must be able to reach its files.
await chmod(folder, 0o755);
try {
  const missed = (await run(folder)).filter(({ ratio, floor }) => floor !== undefined && ratio < floor);
  process.exitCode = missed.length > 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}
