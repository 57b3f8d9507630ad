// Cold and warm installs of a whole set of packs, beside a bare parallel download of the same bytes.
//
// Cold: nothing is remembered, nothing is there; the set is resolved, every question of the verification is asked of every
// pack, a release statement and the log included, and the files are placed durably. Warm: the same again, with everything in
// its place; each file is hashed and each question about it is asked anew. The ceiling fetches the tarballs of the same set
// from the same server on as many connections and hashes them; beside it stands one that unpacks and writes them too,
// unchecked, once as the disk likes and once as durably as an install does. All of it goes over a line as between an office
// and a server far away; without that, beside it, the download is a copy in memory, and the time is that of the disk.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MIXED, type PackSet, publishSet, SMALL } from './install-set.ts';
import { startInstaller } from './installer.ts';
import { type Comparison, compare, inTurns, type Standing } from './rounds.ts';
import { type Bench, startScript } from './service.ts';

const PACKS = 200;
const CONNECTIONS = 16;
/** Megabits in a second, and milliseconds there and back. */
const LINE = { megabits: 100, roundTrip: 20 };
/** An install takes no longer than twice as long as the download of what is installed. */
const FLOOR = 0.5;

const CONTENDERS = {
  cold: 'attestry, cold',
  warm: 'attestry, warm',
  download: `download and SHA-256 on ${CONNECTIONS} connections`,
  unpack: 'download, SHA-256, unpack, write',
  'unpack durably': 'download, SHA-256, unpack, write durably',
} as const;
type What = keyof typeof CONTENDERS;
const ORDER: readonly What[] = ['cold', 'warm', 'download', 'unpack', 'unpack durably'];

interface Standings {
  readonly wall: Readonly<Record<What, Standing>>;
  readonly cpu: Readonly<Record<What, Standing>>;
}

const standingOf = (name: string, rates: readonly number[]): Standing => {
  const sorted = [...rates].sort((a, b) => a - b);
  const [lowest = 0, highest = 0] = [sorted[0], sorted.at(-1)];
  return { name, median: sorted[Math.floor(sorted.length / 2)] ?? 0, lowest, highest };
};

/** Every contender does the whole set, in turns, in one process that stays: none of them pays for its start. */
const standings = async (bench: Bench, url: string, folder: string, set: PackSet): Promise<Standings> => {
  const installer = startInstaller();
  const cpu = new Map<What, number[]>(ORDER.map((what) => [what, []]));
  const runOf = (what: What) => async (): Promise<number> => {
    const place = join(folder, what === 'warm' ? 'cold' : what);
    await mkdir(place, { recursive: true });
    const { requests, tarballs } = set;
    const order = { what, url, folder: place, requests, tarballs };
    const done = await installer.perform({ ...order, connections: CONNECTIONS });
    cpu.get(what)?.push(PACKS / (done.cpu / 1_000));
    return PACKS / (done.wall / 1_000);
  };
  const contenders = ORDER.map((what) => ({ name: CONTENDERS[what], run: runOf(what) }));
  const found = await inTurns(contenders, bench.rounds);
  await installer.stop();
  const byName = (what: What) => standingOf(CONTENDERS[what], (cpu.get(what) ?? []).slice(1));
  return {
    wall: Object.fromEntries(ORDER.map((what, at) => [what, found[at]])) as Standings['wall'],
    cpu: Object.fromEntries(ORDER.map((what) => [what, byName(what)])) as Standings['cpu'],
  };
};

const MIXES = { mixed: MIXED, small: SMALL } as const;

/** The registry as it is seen from the other end of the line. */
const startLine = async (bench: Bench) =>
  startScript('./link.ts', JSON.stringify({ ...LINE, port: Number(new URL(bench.service.url).port) }));

async function* overLine(bench: Bench, folder: string, set: PackSet, what: string) {
  const line = await startLine(bench);
  const { wall } = await standings(bench, line.url, folder, set);
  line.child.kill();
  const where = `over ${LINE.megabits} Mbit/s and ${LINE.roundTrip} ms`;
  yield compare(`cold ${what} ${where}`, wall.cold, wall.download, FLOOR);
  yield compare(`warm ${what} ${where}`, wall.warm, wall.download);
}

async function* onOneMachine(bench: Bench, folder: string, set: PackSet, what: string) {
  const { wall, cpu } = await standings(bench, bench.service.url, folder, set);
  yield compare(`cold ${what} on one machine`, wall.cold, wall.download);
  yield compare(`cold ${what} on one machine, beside unpacking`, wall.cold, wall.unpack);
  yield compare(`cold ${what} on one machine, beside what is as durable`, wall.cold, wall['unpack durably']);
  yield compare(
    `cold ${what}, per second of CPU time beside what is as durable`,
    cpu.cold,
    cpu['unpack durably'],
  );
  yield compare(`warm ${what} on one machine`, wall.warm, wall.download);
}

export async function* benchInstall(bench: Bench): AsyncGenerator<Comparison> {
  for (const mix of ['mixed', 'small'] as const) {
    const set = await publishSet(bench.service, `vendor.bench.${mix}`, MIXES[mix], PACKS);
    const what = `installs of ${PACKS} ${mix} packs (${Math.round(set.bytes / 1_024)} KiB in ${set.files} files)`;
    const folder = join(bench.folder, `install-${mix}`);
    // Of small packs, what has to be asked is many times what has to be fetched: shown, and not promised.
    if (mix === 'mixed') yield* overLine(bench, join(folder, 'line'), set, what);
    yield* onOneMachine(bench, join(folder, 'here'), set, what);
  }
}
