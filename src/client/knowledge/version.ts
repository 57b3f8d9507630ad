// Whether a version of a base may be believed: its manifest, its place in the log, and the key that signed it.
import type { Cid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import type { BaseId, Selector } from '../../protocol/knowledge/ids.ts';
import { decodeVersion, type VersionManifest, versionCid } from '../../protocol/knowledge/version.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import type { Asked } from '../proven-event.ts';
import { type Answer, notChecked, refusal } from '../refusal.ts';
import { type KnowledgeAssurance, knowledgeAssuranceOf, versionAnswers } from './assurance.ts';
import { type KnowledgeDeps, versionAddress } from './deps.ts';
import { resolveCurrent } from './pointer.ts';
import { type RecordedEvent, requireVersionRecorded } from './recorded.ts';
import type { KnowledgeReference } from './reference.ts';
import { bytesAt, textAt } from './shape.ts';
import { requireVersionSigned } from './signed.ts';

export interface BelievedVersion {
  readonly base: BaseId;
  /** The content id of the manifest. */
  readonly version: Cid;
  /** As it was asked for: nobody can have chosen a pinned version but whoever pinned it. */
  readonly selector: Selector;
  /** Where it comes from and what it holds: `parent`, `contribution`, `proposer`, `seq`; `content` is the root of its tree. */
  readonly manifest: VersionManifest;
  /** Which of the authority's keys signed it; undefined where that was not asked. */
  readonly keyId: string | undefined;
  /** Undefined where that was not asked, or where there is no log. */
  readonly recorded: RecordedEvent | undefined;
  readonly assurance: KnowledgeAssurance;
  /** Every question, in order. */
  readonly checked: readonly Answer[];
}

/** @throws Refusal of `manifest`: the block must be the version's, and of that base */
export const requireManifest = (
  asked: Asked,
  base: BaseId,
  version: Cid,
  block: Uint8Array,
): VersionManifest => {
  const found = versionCid(block);
  if (found !== version)
    throw refusal(asked.question, 'version_block_mismatch', { path: asked.path, expected: version, found });
  const manifest = readManifest(asked, block);
  if (manifest.kb !== base)
    throw refusal(asked.question, 'version_of_another_base', { expected: base, found: manifest.kb, version });
  return manifest;
};

const readManifest = ({ question, path }: Asked, block: Uint8Array): VersionManifest => {
  try {
    return decodeVersion(block);
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw refusal(question, 'version_malformed', { path, reason: error.code, ...error.details });
  }
};

interface Wanted extends KnowledgeReference {
  readonly version: Cid;
  readonly current: Answer;
}

const isPinned = ({ selector }: KnowledgeReference): boolean => selector !== 'current';

/** What an answer is about. @throws Refusal `version_moved` where it is another version than the one believed */
export const requireVersion = (
  { question, path }: Asked,
  { base, version }: Pick<BelievedVersion, 'base' | 'version'>,
  found: string | undefined,
): void => {
  if (found !== undefined && found !== version)
    throw refusal(question, 'version_moved', { base, path, expected: version, found });
};

/** What was not pinned has nothing to be held against but the keys: without them it is not taken. */
const requireTrust = ({ registry }: KnowledgeDeps, wanted: Wanted): void => {
  if (registry.trust !== undefined || isPinned(wanted)) return;
  const why = 'The registry shows no trust documents: only a pinned version, kb:…@<version>, can be read.';
  throw refusal(
    'root',
    'trust_documents_missing',
    { registry: registry.reader.base, base: wanted.base },
    why,
  );
};

const believe = async (the: KnowledgeDeps, wanted: Wanted): Promise<BelievedVersion> => {
  const { base, selector, version, current } = wanted;
  const { registry } = the;
  requireTrust(the, wanted);
  const asked: Asked = { question: 'manifest', path: versionAddress(wanted) };
  const answer = await the.reader.json(asked);
  requireVersion(asked, wanted, textOf(answer['knowledge_base_version']));
  const block = bytesAt(asked, answer, 'block');
  const manifest = requireManifest(asked, base, version, block);
  const { trust, log, now } =
    isPinned(wanted) && the.trustPins ? { ...registry, trust: undefined, log: undefined } : registry;
  const proof = textOf(answer['proof']);
  const recorded = log && (await requireVersionRecorded(log, asked.path, proof, version, manifest));
  const envelope =
    trust === undefined ? '' : textAt({ ...asked, question: 'signature' }, answer, 'signature');
  const keyId = trust && requireVersionSigned(trust, { base, block, envelope, recorded }, now);
  const grounds = { registry, current, signed: keyId !== undefined, recorded: recorded !== undefined };
  const assurance = knowledgeAssuranceOf(grounds);
  return { base, version, selector, manifest, keyId, recorded, assurance, checked: versionAnswers(grounds) };
};

const PINNED = 'a pinned version was asked for';

/**
 * Resolves `current` once; everything that is read afterwards is read from the version this gives.
 * @throws Refusal of the first question answered with "no"
 */
export const believeVersion =
  (the: KnowledgeDeps) =>
  async ({ base, selector }: KnowledgeReference): Promise<BelievedVersion> => {
    if (selector !== 'current')
      return believe(the, { base, selector, version: selector, current: notChecked('current', PINNED) });
    const { version, answer } = await resolveCurrent(the, base);
    return believe(the, { base, selector, version, current: answer });
  };
