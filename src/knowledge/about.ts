// What this service implements of the protocol, in the words of nobody's conformance class. Pure.
import { MAX_DOCUMENT_BYTES } from '../protocol/knowledge/entry.ts';
import { EVENT_TYPE_AUTHORITY, PROTOCOL } from '../protocol/knowledge/event.ts';
import { OWN_KINDS, PROTOCOL_KINDS } from '../protocol/knowledge/event-kinds.ts';
import { CAPABILITY_VERBS, OPERATIONS } from '../protocol/knowledge/ids.ts';
import { KNOWLEDGE_TREE } from '../protocol/merkle-tree/profile.ts';

/** The draft has no binding to HTTP yet (§17): this one is private, and will give way to the protocol's. */
export const ABOUT = {
  protocol: PROTOCOL,
  conformance: [],
  binding: 'private HTTP and JSON; the protocol has none yet',
  implements: [
    'Knowledge Base primitive (§3.7), as far as it is public',
    'Authority Grant on two axes (§3.2.4)',
    'audit fields and event kinds of knowledge (§9)',
  ],
  operations: OPERATIONS,
  capabilities: CAPABILITY_VERBS.map((verb) => `knowledge.${verb}/v1`),
  event_kinds: { protocol: PROTOCOL_KINDS, own: OWN_KINDS, event_type_authority: EVENT_TYPE_AUTHORITY },
  tree_profile: KNOWLEDGE_TREE,
  limits: { document_bytes: MAX_DOCUMENT_BYTES },
} as const;
