// How retrievals are answered: the same bytes for the same request, wherever and whenever it is asked. Pure.
import { encodeBase64 } from '../../../keys/bytes.ts';
import type { JsonObject } from '../../../keys/canonical.ts';
import { namedDigestOfCid } from '../../protocol/knowledge/changes.ts';
import type { ListedEntry } from '../versions/entry-store.ts';
import type { GivenDiff } from './diff.ts';
import type { GivenPage, ProvenEntries } from './entries.ts';
import type { GivenProof } from './proofs.ts';
import type { Looked } from './retrieval.ts';
import type { GivenHits } from './search.ts';

const sideOf = ({ entry, blob, size, mediaType }: ListedEntry): JsonObject => ({
  entry,
  blob,
  digest: namedDigestOfCid(blob),
  size,
  media_type: mediaType,
});

const entryOf = (listed: ListedEntry): JsonObject => ({ path: listed.path, ...sideOf(listed) });

const proofOf = (proof: ProvenEntries | undefined): JsonObject =>
  proof === undefined
    ? {}
    : { blocks: proof.nodes.map(encodeBase64), entry_blocks: proof.entries.map(encodeBase64) };

const headOf = ({ version, hash }: Looked<unknown>): JsonObject => ({
  knowledge_base_version: version.id,
  retrieved_content_hash: hash,
});

export const listBody = (looked: Looked<GivenPage>): JsonObject => ({
  ...headOf(looked),
  entries: looked.given.entries.map(entryOf),
  next: looked.given.next,
  ...proofOf(looked.given.proof),
});

export const searchBody = (looked: Looked<GivenHits>): JsonObject => ({
  ...headOf(looked),
  hits: looked.given.hits.map((hit) => ({ ...entryOf(hit), score: hit.score })),
  next: looked.given.next,
  ...proofOf(looked.given.proof),
});

export const diffBody = (looked: Looked<GivenDiff>): JsonObject => ({
  from: looked.version.id,
  to: looked.given.to.id,
  retrieved_content_hash: looked.hash,
  differences: looked.given.differences.map(({ path, before, after }) => ({
    path,
    before: before === null ? null : sideOf(before),
    after: after === null ? null : sideOf(after),
  })),
  next: looked.given.next,
  ...proofOf(looked.given.proof),
});

/** @param proof that the log has the version, which moves on with every head of the log; null until it is sealed */
export const proofBody = (looked: Looked<GivenProof>, proof: string | null): JsonObject => {
  const { record, path, entry, nodes } = looked.given;
  return {
    ...headOf(looked),
    manifest: { block: encodeBase64(record.manifest), signature: record.signature },
    content: record.content,
    path,
    entry: entry === null ? null : entry.cid,
    entry_block: entry === null ? null : encodeBase64(entry.block),
    blocks: nodes.map(encodeBase64),
    proof,
  };
};
