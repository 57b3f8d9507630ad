// One auditor of one registry: it reads the log on from where it stands, and compares what it learned with what is served.
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeBase64, equalBytes } from '../../../keys/bytes.ts';
import type { SignedCheckpoint } from '../../protocol/checkpoint.ts';
import { type Edge, EMPTY_EDGE, edgeRoot } from '../../protocol/growing-tree.ts';
import { type OpenRegistryOptions, openRegistry } from '../open-registry.ts';
import { refusal } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import { checkAdvisories } from './compare-advisories.ts';
import { checkKeychains } from './compare-keychains.ts';
import { checkKeys, checkNamespaces } from './compare-keys.ts';
import { checkIndexes, checkWithdrawals } from './compare-lists.ts';
import { checkPacks } from './compare-packs.ts';
import { checkTarballs } from './compare-tarballs.ts';
import { createFacts, type LogFacts, type LoggedEvent } from './facts.ts';
import {
  type AuditFinding,
  collectFindings,
  type Findings,
  foundAgain,
  type Listed,
  listed,
} from './findings.ts';
import { readLists } from './lists.ts';
import { type WalkDeps, walkLog } from './walk.ts';

export interface AuditOptions extends OpenRegistryOptions {
  /** Also fetches the tarball of each version, and asks of it all that a host asks. */
  readonly tarballs?: boolean | undefined;
  readonly onProgress?: ((step: 'entries' | 'packs', done: number, of: number) => void) | undefined;
  /** After which what seemed false is looked at again; milliseconds. */
  readonly settleMs?: number | undefined;
}

/** A look at the registry, and the log read up to the head that it showed. */
export interface Look {
  readonly registry: OpenRegistry;
  readonly head: SignedCheckpoint;
}

export interface AuditSession {
  readonly facts: LogFacts;
  /** What is wrong with the log itself; grows with it. */
  readonly ofLog: Findings;
  /** False once entries were missing: what follows them is not known, and nothing can be compared. */
  readonly isWhole: () => boolean;
  /** Reads on to the newest head. @throws Refusal as `openRegistry`; `checkpoint_missing` where there is no log */
  readonly look: () => Promise<Look>;
  /**
   * What a registry serves otherwise than its log says, about those packs (default: all) and about all keys; found
   * twice, with a pause between.
   */
  readonly compare: (look: Look, names?: readonly string[]) => Promise<Listed>;
}

const SETTLE_MS = 3_000;

function* counted(names: readonly string[], onEach: (done: number) => void): Generator<string> {
  for (const [done, name] of names.entries()) {
    onEach(done);
    yield name;
  }
}

const packsIn = (findings: readonly AuditFinding[]): readonly string[] => [
  ...new Set(findings.flatMap(({ subject }) => /^pack:([^@]+)/.exec(subject)?.[1] ?? [])),
];

/** @param onEvent told of every entry once, in the order of the log. */
export const startAudit = (options: AuditOptions, onEvent?: (event: LoggedEvent) => void): AuditSession => {
  const { onProgress, settleMs = SETTLE_MS, tarballs = false } = options;
  const ofLog = collectFindings();
  const facts = createFacts(ofLog.report);
  let edge: Edge | undefined = EMPTY_EDGE;

  const requireRoot = ({ size, root }: SignedCheckpoint): void => {
    if (edge === undefined || equalBytes(edgeRoot(edge), root)) return;
    const evidence = { size, expected: encodeBase64(root), found: encodeBase64(edgeRoot(edge)) };
    ofLog.report('root_mismatch', 'log', evidence);
  };

  const walkTo = async (the: WalkDeps, head: SignedCheckpoint): Promise<void> => {
    if (edge === undefined || edge.size >= head.size) return;
    edge = await walkLog(the, edge, head.size);
    requireRoot(head);
  };

  const look: AuditSession['look'] = async () => {
    const registry = await openRegistry(options);
    const { log, discovery, reader } = registry;
    const tile = discovery.trust?.log?.tile;
    if (log === undefined || tile === undefined)
      throw refusal('checkpoint', 'checkpoint_missing', { offered: false }, 'The registry offers no log.');
    const onEntries: WalkDeps['onEntries'] = (position, entries, grown) => {
      for (const [at, entry] of entries.entries()) {
        const event = facts.take(position + at, entry);
        onEvent?.(event);
      }
      edge = grown;
    };
    const progress = (done: number, size: number): void => onProgress?.('entries', done, size);
    const head = log.newest();
    await walkTo({ reader, tile, report: ofLog.report, onEntries, onProgress: progress }, head);
    return { registry, head };
  };

  const find = async ({ registry }: Look, names?: readonly string[]): Promise<Listed> => {
    const found = collectFindings();
    const the = { registry, facts, report: found.report };
    const lists = await readLists(registry);
    const strangers = checkIndexes(the, lists);
    const wanted = names ?? [...facts.versions.names(), ...strangers];
    const progress = (done: number): void => onProgress?.('packs', done, wanted.length);
    await checkPacks(the, counted(wanted, progress));
    await checkKeychains(the, wanted);
    if (tarballs) await checkTarballs(the, wanted);
    checkWithdrawals(the);
    checkNamespaces(the, lists);
    checkAdvisories(the, lists);
    await checkKeys(the);
    return listed(found);
  };

  const compare: AuditSession['compare'] = async (first, names) => {
    const before = await find(first, names);
    if (before.findings.length === 0) return before;
    await sleep(settleMs);
    // Read on to whatever was recorded meanwhile: what is served may be of a later time than the first look.
    const again = before.leftOut > 0 ? names : packsIn(before.findings);
    return foundAgain(before, await find(await look(), again));
  };

  return { facts, ofLog, isWhole: () => edge !== undefined, look, compare };
};
