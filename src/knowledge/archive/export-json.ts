// A version as one canonical JSON document with all its documents in it, as text or in base64, in a stream. Pure.
import { encodeBase64, fromUtf8, utf8 } from '../../../keys/bytes.ts';
import { canonicalText, type JsonObject } from '../../../keys/canonical.ts';
import { joinBytes } from '../../protocol/join-bytes.ts';
import type { ArchivedEntry } from '../../protocol/knowledge/car.ts';
import { namedDigestOfCid } from '../../protocol/knowledge/changes.ts';

/** Larger documents are not looked at as a whole, and so stand in base64. */
const MOST_TEXT_BYTES = 1024 * 1024;

const membersOf = ({ path, entry }: ArchivedEntry): JsonObject => ({
  digest: namedDigestOfCid(entry.blob),
  media_type: entry.mediaType,
  meta: entry.meta,
  path,
  size: entry.size,
});

/** Three bytes are four signs: what is left over waits for the next chunk. */
async function* inBase64(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let left: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    const bytes = left.length === 0 ? chunk : joinBytes([left, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    if (whole > 0) yield utf8(encodeBase64(bytes.subarray(0, whole)));
    left = new Uint8Array(bytes.subarray(whole));
  }
  if (left.length > 0) yield utf8(encodeBase64(left));
}

async function* asBase64(
  members: JsonObject,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  // Before all other members, as their canonical order has it.
  yield utf8('{"base64":"');
  yield* inBase64(chunks);
  yield utf8(`",${canonicalText(members).slice(1)}`);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes;
}

async function* entryJson(item: ArchivedEntry): AsyncGenerator<Uint8Array, void, void> {
  const members = membersOf(item);
  if (item.entry.size > MOST_TEXT_BYTES) {
    yield* asBase64(members, item.document);
    return;
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of item.document) chunks.push(chunk);
  const bytes = joinBytes(chunks);
  const text = fromUtf8(bytes);
  if (text === undefined) yield* asBase64(members, once(bytes));
  else yield utf8(canonicalText({ ...members, text }));
}

/** In many small chunks. @param telling what the version is; its members come after `entries` */
export async function* jsonOf(
  telling: JsonObject,
  entries: AsyncIterable<ArchivedEntry>,
): AsyncGenerator<Uint8Array, void, void> {
  let before = '{"entries":[';
  yield utf8(before);
  before = '';
  for await (const item of entries) {
    yield utf8(before);
    yield* entryJson(item);
    before = ',';
  }
  yield utf8(`],${canonicalText(telling).slice(1)}`);
}
