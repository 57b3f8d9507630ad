// Every way of looking into a version of a base, under the name that recorded requests give it.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { DocumentBody } from '../documents/document-body.ts';
import { type DiffDeps, lookAtDifferences } from './diff.ts';
import { type EntryDeps, lookAtDocument, lookAtEntry, lookAtList } from './entries.ts';
import { lookAtProof } from './proofs.ts';
import type { Replayed } from './replay.ts';
import type { Look } from './retrieval.ts';
import { lookForWords } from './search.ts';

export type LookDeps = EntryDeps & DiffDeps;

export const looksOf = (the: LookDeps) => ({
  entry: lookAtEntry(the),
  document: lookAtDocument(the),
  list: lookAtList(the),
  search: lookForWords(the),
  diff: lookAtDifferences(the),
  proof: lookAtProof(the),
});

export type Looks = ReturnType<typeof looksOf>;

const readToItsEnd = async (body: DocumentBody): Promise<void> => {
  if (body.kind === 'stream') for await (const _ of body.chunks);
};

/** All of a document is hashed again, though nobody is given it. */
const lookThrough =
  (look: Looks['entry']): Looks['entry'] =>
  async (base, selector, request) => {
    const looked = await look(base, selector, request);
    await readToItsEnd(looked.given.body);
    return looked;
  };

// A recorded request was read by the same look when it was made.
export const asRecorded = <Request extends JsonObject>(look: Look<Request, unknown>): Replayed['look'] =>
  look as unknown as Replayed['look'];

/** What is recorded can be asked again. */
export const replayKinds = (looks: Looks): Readonly<Record<keyof Looks, Replayed>> => ({
  entry: { verb: 'get', look: asRecorded(lookThrough(looks.entry)) },
  document: { verb: 'get', look: asRecorded(looks.document) },
  list: { verb: 'list', look: asRecorded(looks.list) },
  search: { verb: 'search', look: asRecorded(looks.search) },
  diff: { verb: 'list', look: asRecorded(looks.diff) },
  proof: { verb: 'get', look: asRecorded(looks.proof) },
});
