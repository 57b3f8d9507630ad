// Says of every link of the chain of trust which question its breaking answers with "no". Pure.
import { encodeBase64 } from '../../keys/bytes.ts';
import type { Broken, BrokenLink } from '../../keys/chain.ts';
import { type Evidence, type Question, type Refusal, type RefusalCode, refusal } from './refusal.ts';

const OF_LINK: Readonly<Record<BrokenLink, readonly [Question, RefusalCode]>> = {
  root_steps: ['root', 'root_steps'],
  root_update: ['root', 'root_update_invalid'],
  root_rollback: ['root', 'root_rollback'],
  root_expired: ['root', 'root_expired'],
  keyring_signature: ['keyring', 'keyring_signature'],
  keyring_rollback: ['keyring', 'keyring_rollback'],
  keyring_expired: ['keyring', 'keyring_expired'],
  key_unknown: ['delegation', 'key_unknown'],
  key_revoked: ['delegation', 'key_revoked'],
  key_not_yet: ['delegation', 'key_inactive'],
  key_expired: ['delegation', 'key_inactive'],
  key_namespace: ['delegation', 'key_not_permitted'],
  signature: ['signature', 'pack_signature_invalid'],
};

/** Evidence is shown and stored as JSON, where bytes have no form of their own. */
const plain = (evidence: Evidence): Evidence =>
  JSON.parse(
    JSON.stringify(evidence, (_key, value: unknown) =>
      value instanceof Uint8Array ? encodeBase64(value) : value,
    ),
  ) as Evidence;

const UNREADABLE: ReadonlySet<unknown> = new Set(['envelope_form', 'envelope_too_large']);

/** By the code of a `KeyError`: what was served is no signed document, so nobody's signature was even looked at. */
export const isUnreadable = (code: unknown): boolean => UNREADABLE.has(code);

export const refusalOfBroken = ({ brokenLink, evidence }: Broken): Refusal => {
  const [question, named] = OF_LINK[brokenLink];
  const code = isUnreadable(evidence['code']) ? 'reply_malformed' : named;
  return refusal(question, code, { link: brokenLink, ...plain(evidence) });
};
