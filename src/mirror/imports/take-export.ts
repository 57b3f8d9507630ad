// Takes in an export that the operator sends: staged on disk, read for whose it is, and handed to a sync of its own.

import { StorageError } from '../../../storage/errors.ts';
import type { Staged, Staging } from '../../../storage/staging.ts';
import { requireStillActing } from '../../access/acting-store.ts';
import type { Authenticate } from '../../access/authenticate.ts';
import { requireScope } from '../../access/grants.ts';
import { actorOf, type Principal } from '../../access/principal.ts';
import { discover } from '../../client/discovery.ts';
import { exportTransport } from '../../client/export-file/export-transport.ts';
import { fileBytes, memoryBytes } from '../../client/export-file/file-bytes.ts';
import { MAX_EXPORT_BYTES } from '../../client/export-file/format.ts';
import { type ExportFile, openExport } from '../../client/export-file/open-export.ts';
import { pinnedIn, type RootPin } from '../../client/export-file/root-pin.ts';
import { Refusal } from '../../client/refusal.ts';
import { registryReader } from '../../client/registry-reader.ts';
import { inTransaction } from '../../database/transaction.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import type { AppendEvent } from '../../transparency/append.ts';
import { NEVER } from '../limits.ts';
import type { Runner } from '../runner.ts';
import { requireOtherAddress } from '../self.ts';
import { type MirrorDeps, syncUpstream } from '../sync.ts';
import { insertUpstream, lockUpstream, type UpstreamRow, upstreamId, upstreamOf } from '../upstream-store.ts';
import { exportSource, type TakenExport } from './export-source.ts';

export interface TakeExportDeps {
  readonly mirror: MirrorDeps;
  readonly authenticate: Authenticate;
  readonly append: AppendEvent;
  readonly staging: Staging;
  readonly take: Runner['take'];
}

export interface ExportAsked {
  readonly authorization: string | undefined;
  readonly pin: RootPin | undefined;
  /** Whose export the operator takes it for. */
  readonly from: string | undefined;
  /** Nothing is asked of it before it is known who sends it. */
  readonly body: () => AsyncIterable<Uint8Array>;
}

const refused = (error: unknown): unknown => {
  if (error instanceof StorageError && error.code === 'too_large')
    return fault('payload_too_large', { maxBytes: MAX_EXPORT_BYTES });
  if (!(error instanceof Refusal)) return error;
  return fault('validation_error', { ...error.evidence, reason: error.code }, error.message);
};

const openStaged = async (staged: Staged): Promise<ExportFile> => {
  const { bytes, file } = staged;
  const source = bytes === undefined ? await fileBytes(file ?? '') : memoryBytes(bytes);
  return openExport(source).catch(async (error: unknown) => {
    await source.close();
    throw error;
  });
};

const unproven = (file: ExportFile, hasTrust: boolean): Fault => {
  const { registry } = file.head;
  const message = hasTrust
    ? `Give the root document of ${registry} with --root: that is where belief in its export begins.`
    : `The export shows no log: nothing in it proves that it is of ${registry}. Where you know that it is, say so with --from ${registry}.`;
  return fault('validation_error', { registry, field: hasTrust ? 'root' : 'from' }, message);
};

const requireFrom = ({ head }: ExportFile, from: string | undefined): void => {
  if (from === undefined || from === head.registry) return;
  const details = { field: 'from', expected: from.slice(0, 300), found: head.registry };
  throw fault('validation_error', details, `The export is one of ${head.registry}.`);
};

/** What is believed of that registry already, or what the operator says, is where belief in it begins. */
const examine = async (
  file: ExportFile,
  { pin, from }: ExportAsked,
  before: UpstreamRow | undefined,
): Promise<TakenExport> => {
  requireFrom(file, from);
  const reader = registryReader(
    exportTransport(file, async () => undefined),
    file.head.registry,
  );
  const discovery = await discover(reader);
  const hasTrust = discovery.trust !== undefined;
  const pinnedRoot = pin && (await pinnedIn(file, discovery, pin));
  const isKnown = pin !== undefined || (before?.trust ?? null) !== null;
  if (!isKnown && (hasTrust || from === undefined)) throw unproven(file, hasTrust);
  return { file, hasTrust, pinnedRoot };
};

const requireGoing = (row: UpstreamRow | undefined): void => {
  if (row?.outcome !== 'stopped') return;
  const message = `This upstream is mirrored no more (${row.reason ?? ''}). Look at its evidence; then remove it, and import anew if you trust it.`;
  throw fault('validation_error', { id: row.id, reason: row.reason }, message);
};

/** Where it is mirrored over the network as well, that goes on. */
const ensureUpstream = async (the: TakeExportDeps, by: Principal, url: string, id: string): Promise<void> => {
  const { sql, now } = the.mirror;
  // The point of no return: the upstream is there with its event, or neither.
  await inTransaction(sql, async (tx) => {
    await lockUpstream(tx, url);
    await requireStillActing(tx, by, now());
    const [namespaces, trees] = [null, ['v1', 'v2'] as const];
    const row = { id, url, namespaces, trees, addedBy: by.account, at: now(), dueAt: NEVER };
    if (!(await insertUpstream(tx, row))) return;
    const data = { url, namespaces, trees };
    await the.append(tx, {
      kind: 'upstream.added',
      ...{ actor: actorOf(by), subject: `upstream:${url}`, data },
    });
  });
};

const beginWith = async (the: TakeExportDeps, by: Principal, asked: ExportAsked, staged: Staged) => {
  const file = await openStaged(staged);
  const letGo = async (): Promise<void> => {
    await file.close();
    await staged.discard();
  };
  try {
    const { registry: url } = file.head;
    const id = upstreamId(url);
    requireOtherAddress(the.mirror, url);
    const before = await upstreamOf(the.mirror.sql, id);
    requireGoing(before);
    const taken = await examine(file, asked, before);
    await ensureUpstream(the, by, url, id);
    const row = await upstreamOf(the.mirror.sql, id);
    const begun = await the.take(id, (upstream, quit) => {
      const from = exportSource(the.mirror, upstream, taken, quit);
      return syncUpstream({ ...the.mirror, from })(upstream, quit).finally(letGo);
    });
    if (!begun || row === undefined)
      throw fault(
        'busy',
        { id },
        'A sync of this upstream is under way, or others have all the room; try again later.',
      );
    return row;
  } catch (error) {
    await letGo();
    throw error;
  }
};

/**
 * Nobody waits for the sync: whoever sent the export sees `turn` grow when it is over.
 * @throws Fault forbidden, validation_error, payload_too_large, invalid_body, busy
 */
export const takeExport =
  (the: TakeExportDeps) =>
  async (asked: ExportAsked): Promise<UpstreamRow> => {
    const by = await the.authenticate(asked.authorization);
    requireScope(by, 'admin');
    try {
      const staged = await the.staging.receive(asked.body(), { maxBytes: MAX_EXPORT_BYTES });
      return await beginWith(the, by, asked, staged).catch(async (error: unknown) => {
        await staged.discard();
        throw error;
      });
    } catch (error) {
      throw refused(error);
    }
  };
