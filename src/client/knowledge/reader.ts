// Asks a registry about its bases; whatever is not an answer becomes a refusal of the question it was needed for.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Reply } from '../../network/transport-error.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';
import type { Transport } from '../network/transport.ts';
import type { Asked } from '../proven-event.ts';
import { type RefusalCode, refusal } from '../refusal.ts';
import { readJsonObject, refusedBy } from '../registry-reader.ts';
import { strictObjectOf } from '../strict-object.ts';

/** Both throw a `Refusal` of the question asked; `path` begins below the addresses of bases. */
export interface KnowledgeReader {
  readonly json: (asked: Asked) => Promise<JsonObject>;
  readonly document: (asked: Asked, maxBytes: number) => Promise<GivenDocument>;
}

/** Bytes, and what the registry says of them. */
export interface GivenDocument {
  readonly bytes: Uint8Array;
  /** Each undefined where the transport hands on no headers. */
  readonly version: string | undefined;
  readonly hash: string | undefined;
  /** The event under which it was recorded that they were given out. */
  readonly eventId: string | undefined;
}

const PREFIX = '/knowledge/v1';
/** A page of the longest paths with all its blocks is smaller. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;

const CODES: Readonly<Record<number, RefusalCode>> = {
  401: 'registry_denied',
  403: 'knowledge_denied',
  404: 'knowledge_not_found',
  409: 'knowledge_unavailable',
  410: 'content_erased',
  503: 'knowledge_unavailable',
};

/** What the registry itself says about it is evidence, and believed to be nothing more. */
const faultIn = (body: Uint8Array): Readonly<Record<string, unknown>> => {
  const read = strictObjectOf(body);
  if (!read.ok) return {};
  const { error, message, details } = read.object;
  return { fault: textOf(error), said: textOf(message), ...objectOf(details) };
};

const bodyOf = ({ question, path }: Asked, { status, url, body }: Reply): Uint8Array => {
  if (status === 200) return body;
  const code = CODES[status];
  const evidence = { ...faultIn(body), url, status, path };
  if (code !== undefined) throw refusal(question, code, evidence);
  throw refusal(question, 'pack_registry_unreachable', evidence, `The registry answered ${status}.`);
};

export const knowledgeReader = (transport: Transport, base: string): KnowledgeReader => {
  const fetch = (asked: Asked, maxBytes: number, accept: string): Promise<Reply> =>
    transport
      .get(base + PREFIX + asked.path, { maxBytes, accept })
      .catch((error: unknown) => refusedBy(asked.question, error));
  return {
    json: async (asked) => {
      const reply = await fetch(asked, MAX_JSON_BYTES, 'application/json');
      return readJsonObject(asked.question, bodyOf(asked, reply), asked.path);
    },
    document: async (asked, maxBytes) => {
      const reply = await fetch(asked, maxBytes, 'application/octet-stream, */*');
      return {
        bytes: bodyOf(asked, reply),
        version: reply.header?.('knowledge-base-version'),
        hash: reply.header?.('retrieved-content-hash'),
        eventId: reply.header?.('attestry-event'),
      };
    },
  };
};
