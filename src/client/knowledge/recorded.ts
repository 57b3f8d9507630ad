// Whether the log records that a version was created, and says of it what its manifest says.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Cid } from '../../protocol/cid.ts';
import { ownerOf } from '../../protocol/knowledge/ids.ts';
import type { VersionManifest } from '../../protocol/knowledge/version.ts';
import { at, objectOf, textOf } from '../../protocol/manifest/read.ts';
import type { LogView } from '../log-view.ts';
import { type Asked, openExtra, proofMalformed, readProof, requireIncluded } from '../proven-event.ts';
import { type RefusalCode, refusal } from '../refusal.ts';

/** An event in the log. */
export interface RecordedEvent {
  readonly eventId: string;
  /** Of the leaf, from 0. */
  readonly index: number;
  /** By the clock of the registry. */
  readonly at: Date;
  /** Of the tree in which it was found. */
  readonly treeSize: number;
}

/** @throws Refusal with both sides, where any member that is expected was found otherwise */
export const requireSaid = (
  { question, path }: Asked,
  code: RefusalCode,
  expected: JsonObject,
  of: JsonObject,
): void => {
  const names = Object.keys(expected);
  const found = Object.fromEntries(names.map((name) => [name, of[name] ?? null]));
  if (names.some((name) => found[name] !== expected[name]))
    throw refusal(question, code, { path, expected, found });
};

/** The payload of an event with its kind, its subject and whose it is beside it. */
export const saidBy = (event: JsonObject): JsonObject => ({
  ...objectOf(at(event, 'data', 'payload')),
  kind: event['kind'] ?? null,
  subject: event['subject'] ?? null,
  workforce: at(event, 'data', 'workforce') ?? null,
});

/** An event with its proof, found in the log. @throws Refusal of the question asked, or of `checkpoint` */
export const requireProven = async (
  asked: Asked,
  log: LogView,
  text: string,
): Promise<{ readonly event: JsonObject; readonly recorded: RecordedEvent }> => {
  const proof = readProof(asked, text);
  const { event, leaf } = openExtra(asked, proof);
  const treeSize = await requireIncluded(asked, log, proof, leaf);
  const [eventId, time] = [textOf(event['id']) ?? '', new Date(textOf(event['at']) ?? '')];
  if (Number.isNaN(time.getTime())) throw proofMalformed(asked, 'another form of event');
  return { event, recorded: { eventId, index: proof.index, at: time, treeSize } };
};

const expectedOf = (version: Cid, manifest: VersionManifest): JsonObject => ({
  kind: 'KnowledgeBaseVersionCreated',
  subject: manifest.kb,
  workforce: ownerOf(manifest.kb),
  knowledge_base_id: manifest.kb,
  knowledge_base_version: version,
  version_seq: manifest.seq,
  parent_version: manifest.parent,
  content: manifest.content,
  entry_count: manifest.entries,
  total_bytes: manifest.bytes,
  contribution_id: manifest.contribution,
  created_by: manifest.proposer,
});

/** @throws Refusal of `leaf`: `proof_missing`, `proof_malformed`, `leaf_not_included` or `leaf_mismatch` */
export const requireVersionRecorded = async (
  log: LogView,
  path: string,
  proof: string | undefined,
  version: Cid,
  manifest: VersionManifest,
): Promise<RecordedEvent> => {
  const asked: Asked = { question: 'leaf', path };
  if (proof === undefined) throw refusal('leaf', 'proof_missing', { path });
  const { event, recorded } = await requireProven(asked, log, proof);
  requireSaid(asked, 'leaf_mismatch', expectedOf(version, manifest), saidBy(event));
  return recorded;
};
