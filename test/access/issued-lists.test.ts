// The registrar's lists as this process holds them: read once, compared cheaply, and one copy for all readers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../keys/envelope.ts';
import { parseWithdrawals } from '../../keys/withdrawals.ts';
import { readIssued } from '../../src/access/documents.ts';
import { type IssueDeps, issueList } from '../../src/access/issue-list.ts';
import { latestIssued } from '../../src/access/issued-store.ts';
import { WITHDRAWALS } from '../../src/packs/lifecycle/withdrawals.ts';
import { type OwnDatabase, ownDatabase } from '../world/database.ts';
import { revokeDeps } from './revoking.ts';

let database: OwnDatabase;
let dataDir: string;
let wanted: readonly string[] = [];
let work = { payloads: 0, parses: 0 };
beforeAll(async () => {
  database = await ownDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'attestry-lists-'));
});
afterAll(async () => {
  await database.drop();
  await rm(dataDir, { recursive: true });
});

const digest = (at: number): string => at.toString(16).padStart(64, '0');

/** The withdrawals of a made-up content; counts how often a list is written and read. */
const counted: typeof WITHDRAWALS = {
  ...WITHDRAWALS,
  content: async () => ({ withdrawn: wanted.map((sha256) => ({ sha256, kind: 'yanked' })) }),
  payload: (list) => {
    work.payloads += 1;
    return WITHDRAWALS.payload(list);
  },
  parse: (payload) => {
    work.parses += 1;
    return WITHDRAWALS.parse(payload);
  },
};

const newProcess = async (): Promise<() => Promise<void>> => {
  const { sql, now, trust } = await revokeDeps(database.sql, join(dataDir, 'keys'), async () => 7);
  const deps: IssueDeps = { sql, now, trust, treeSize: async () => 20, known: new Map() };
  return issueList(deps, counted);
};

const working = async (act: () => Promise<unknown>) => {
  work = { payloads: 0, parses: 0 };
  await act();
  return work;
};

const listed = async () => {
  const row = await latestIssued(database.sql, 'withdrawals');
  const { version, withdrawn } = parseWithdrawals(parseEnvelope(row?.envelope).payload);
  return { version, digests: withdrawn.map(({ sha256 }) => sha256) };
};

describe('a list that is issued', () => {
  it('is written once at each change, and never read again by whoever issued it', async () => {
    const issue = await newProcess();
    for (const count of [3, 5, 4, 0]) {
      wanted = Array.from({ length: count }, (_, at) => digest(at));
      expect(await working(issue)).toEqual({ payloads: 1, parses: 0 });
      expect((await listed()).digests).toEqual(wanted);
      expect(await working(issue)).toEqual({ payloads: 0, parses: 0 });
    }
  });

  it('by another process is read once', async () => {
    const [ours, theirs] = [await newProcess(), await newProcess()];
    wanted = [digest(7)];
    await theirs();
    const before = await listed();
    expect(await working(ours)).toEqual({ payloads: 0, parses: 1 });
    expect(await working(ours)).toEqual({ payloads: 0, parses: 0 });
    expect(await listed()).toEqual(before);
    wanted = [digest(7), digest(8)];
    await ours();
    expect((await listed()).version).toBe(before.version + 1);
    expect(await working(theirs)).toEqual({ payloads: 0, parses: 1 });
  });

  it('that says the same under another kind is another list', () => {
    const [one, other] = ['yanked', 'erased'].map((kind) =>
      WITHDRAWALS.textOf({ withdrawn: [{ sha256: digest(1), kind }] }),
    );
    expect(one).not.toBe(other);
  });
});

describe('a list that is read', () => {
  it('is one document for all its readers, and another one with the next version', async () => {
    const issue = await newProcess();
    const read = readIssued({ sql: database.sql }, 'withdrawals');
    wanted = [digest(1)];
    await issue();
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, read));
    expect(others.every((each) => each === first)).toBe(true);
    expect(await read()).toBe(first);
    wanted = [digest(2)];
    await issue();
    const next = await read();
    expect(next).not.toBe(first);
    const { withdrawn } = parseWithdrawals(parseEnvelope(Buffer.from(next.bytes).toString()).payload);
    expect(withdrawn.map(({ sha256 }) => sha256)).toEqual(wanted);
    expect(await read()).toBe(next);
  });
});
