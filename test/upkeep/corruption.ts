// One planted corruption after the other, each in a copy of the same sound registry: what is found, and what can be mended.
import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import { envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId, publicKeyFromBytes } from '../../keys/key.ts';
import { entryOf, FINDINGS, type FindingCode } from '../../src/upkeep/findings.ts';
import { checkAll } from '../../src/upkeep/fsck.ts';
import { repairAll } from '../../src/upkeep/repair.ts';
import { newWorld, type Original, originalOf, type UpkeepWorld } from './upkeep-world.ts';

export interface Corruption {
  readonly name: string;
  readonly spoil: (world: UpkeepWorld) => Promise<unknown>;
  /** All of the damage that is found, and no more. */
  readonly found: readonly FindingCode[];
  /** The notes beside it; whatever they are where this is left out. */
  readonly notes?: readonly FindingCode[];
  /** What is left of it after a repair; nothing where that mends it. */
  readonly left?: readonly FindingCode[];
}

export const deps = (world: UpkeepWorld) => ({
  sql: world.sql,
  blobs: world.blobs,
  now: () => new Date(),
  progress: () => undefined,
  // Nothing runs that could set anything right.
  patienceMs: 0,
});

type Codes = ReadonlyMap<FindingCode, number>;

export const damageIn = (counts: Codes): FindingCode[] =>
  [...counts.keys()].filter((code) => entryOf(code).severity === 'damage').sort();

export const notesIn = (counts: Codes): FindingCode[] =>
  [...counts.keys()].filter((code) => entryOf(code).severity === 'note').sort();

export const checked = (world: UpkeepWorld) => checkAll(deps(world))({ sample: 'all' });
export const repaired = (world: UpkeepWorld) => repairAll(deps(world))({ sample: 'all' });

const pathOf = (world: UpkeepWorld, key: string): string => join(world.dataDir, 'blobs', key);

export const removeObject = (world: UpkeepWorld, key: string) => unlink(pathOf(world, key));

export const writeObject = (world: UpkeepWorld, key: string, bytes: Uint8Array | string) =>
  writeFile(pathOf(world, key), bytes);

/** Flips one bit in the middle. */
export const flipObject = async (world: UpkeepWorld, key: string): Promise<void> => {
  const bytes = await readFile(pathOf(world, key));
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(pathOf(world, key), bytes);
};

export const blobOf = async (world: UpkeepWorld, version: string): Promise<string> => {
  const [row] = await world.sql<{ hex: string }[]>`
    select encode(digest, 'hex') as hex from versions where version = ${version}`;
  return `blobs/sha256/${row?.hex.slice(0, 2)}/${row?.hex}`;
};

export const run = (world: UpkeepWorld, statement: string) => world.sql.unsafe(statement);

const SEED = new Uint8Array(32).fill(7);

/** Somebody who is nobody here. */
export const stranger = {
  keyId: parseKeyId('stranger'),
  publicKey: publicKeyFromBytes(publicKeyOf(SEED)),
  sign: async (message: Uint8Array) => sign(message, SEED),
};

/** The same statement in an envelope that a stranger signed. */
export const resignedByStranger = async (envelope: string): Promise<string> =>
  envelopeText(await signEnvelope(parseEnvelope(envelope), [stranger]));

/** Makes a test of each, in copies of the sound registry that `make` makes; gives copies to others beside them. */
export const plantIn = (
  make: () => Promise<UpkeepWorld>,
  corruptions: readonly Corruption[],
): Pick<Original, 'copy'> => {
  let original: Original;
  beforeAll(async () => {
    original = await originalOf(await make());
  });
  afterAll(() => original.clear());

  it.each(corruptions)('$name', async ({ spoil, found, notes, left = found }) => {
    const world = await original.copy();
    try {
      await spoil(world);
      const before = await checked(world);
      expect(damageIn(before.report.counts())).toEqual([...found].sort());
      if (notes !== undefined) expect(notesIn(before.report.counts())).toEqual([...notes].sort());
      const after = await repaired(world);
      expect(damageIn(after.report.counts())).toEqual([...left].sort());
      if (after.done.length > 0)
        expect(damageIn((await checked(world)).report.counts())).toEqual([...left].sort());
    } finally {
      await world.clear();
    }
  });
  return { copy: () => original.copy() };
};

/** Makes a test of each. */
export const plant = (corruptions: readonly Corruption[]): void =>
  void plantIn(() => newWorld(520), corruptions);

type Table = 'log' | 'trust' | 'versions' | 'advisories' | 'knowledge';

/** Which table of corruptions shows a finding: one that is new has to be shown in one of them. */
const SHOWN_IN: Readonly<Record<FindingCode, Table>> = {
  blob_missing: 'versions',
  blob_size: 'versions',
  blob_digest: 'versions',
  blob_unnamed: 'versions',
  archive_unsound: 'versions',
  manifest_differs: 'versions',
  facts_differ: 'versions',
  files_differ: 'versions',
  document_unmade: 'versions',
  version_name: 'versions',
  signature_differs: 'versions',
  signature_invalid: 'versions',
  key_unknown: 'versions',
  key_not_in_force: 'trust',
  publisher_unknown: 'versions',
  statement_invalid: 'versions',
  version_without_event: 'versions',
  version_differs: 'versions',
  event_without_version: 'versions',
  yank_differs: 'versions',
  deprecation_differs: 'versions',
  unpublish_differs: 'versions',
  advisory_differs: 'advisories',
  advisory_offered: 'advisories',
  leaf_not_canonical: 'log',
  columns_differ: 'log',
  commitment_differs: 'log',
  sealed_missing: 'log',
  leaf_without_event: 'log',
  position_missing: 'log',
  position_beyond_head: 'log',
  event_twice: 'log',
  event_order: 'log',
  event_skipped: 'log',
  leaf_differs: 'log',
  head_missing: 'log',
  head_root: 'log',
  checkpoint_invalid: 'log',
  checkpoint_differs: 'log',
  checkpoint_old_key: 'trust',
  subtree_differs: 'log',
  subtree_stray: 'log',
  tile_missing: 'log',
  tile_differs: 'log',
  bundle_missing: 'log',
  bundle_differs: 'log',
  partial_missing: 'log',
  partial_differs: 'log',
  partial_superseded: 'log',
  object_beyond_head: 'log',
  log_ahead: 'log',
  published_missing: 'log',
  published_unreadable: 'log',
  published_fork: 'log',
  published_foreign: 'log',
  cosignature_invalid: 'log',
  witnessed_differs: 'log',
  audit_differs: 'log',
  audit_signature: 'log',
  root_missing: 'trust',
  root_invalid: 'trust',
  root_event_differs: 'trust',
  delegation_invalid: 'trust',
  delegation_differs: 'trust',
  delegation_without_event: 'trust',
  event_without_delegation: 'trust',
  rotation_differs: 'trust',
  revocation_differs: 'trust',
  revocation_invalid: 'trust',
  revocation_pending: 'trust',
  keyring_missing: 'trust',
  keyring_invalid: 'trust',
  keyring_stale: 'trust',
  keyring_expired: 'trust',
  withdrawals_missing: 'trust',
  withdrawals_invalid: 'trust',
  withdrawals_stale: 'versions',
  withdrawals_expired: 'trust',
  claim_without_event: 'trust',
  claim_differs: 'trust',
  event_without_claim: 'trust',
  account_without_event: 'trust',
  event_without_account: 'trust',
  token_without_event: 'trust',
  token_differs: 'trust',
  event_without_token: 'trust',
  base_without_event: 'knowledge',
  base_differs: 'knowledge',
  event_without_base: 'knowledge',
  policy_differs: 'knowledge',
  base_version_missing: 'knowledge',
  base_version_manifest: 'knowledge',
  base_version_differs: 'knowledge',
  base_version_signature: 'knowledge',
  base_version_without_event: 'knowledge',
  event_without_base_version: 'knowledge',
  block_missing: 'knowledge',
  block_differs: 'knowledge',
  entries_differ: 'knowledge',
  document_missing: 'knowledge',
  document_size: 'knowledge',
  document_digest: 'knowledge',
  words_differ: 'knowledge',
  erasure_differs: 'knowledge',
  erasure_without_event: 'knowledge',
  erasure_undone: 'knowledge',
  erasure_pending: 'knowledge',
  pointer_differs: 'knowledge',
  pointer_move_differs: 'knowledge',
  pointer_move_without_event: 'knowledge',
  pointer_move_missing: 'knowledge',
  contribution_differs: 'knowledge',
  revision_differs: 'knowledge',
  revision_missing: 'knowledge',
  judgement_differs: 'knowledge',
  judgement_missing: 'knowledge',
  event_index_differs: 'knowledge',
  retrieval_differs: 'knowledge',
};

/** Makes a test of whether the corruptions of a table show all that is to be shown there. */
export const showsItsShare = (table: Table, corruptions: readonly Corruption[]): void => {
  it(`shows every finding about its part of a registry (${table})`, () => {
    const shown = new Set(corruptions.flatMap(({ found, notes = [] }) => [...found, ...notes]));
    const share = (Object.keys(FINDINGS) as FindingCode[]).filter((code) => SHOWN_IN[code] === table);
    expect(share.filter((code) => !shown.has(code))).toEqual([]);
  });
};
