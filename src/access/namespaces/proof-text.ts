// The text that a domain shows for one account, one namespace and one registry; nobody can guess it. Pure.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const MARK = 'attestry-namespace=';

/** What the text is good for, and nothing else. */
export interface ProofScope {
  /** Of the registry's log: two registries never ask for the same text. */
  readonly origin: string;
  readonly account: string;
  readonly namespace: string;
  readonly domain: string;
}

export const proofText = (secret: Uint8Array, { origin, account, namespace, domain }: ProofScope): string => {
  const said = JSON.stringify([origin, account, namespace, domain]);
  return MARK + createHmac('sha256', secret).update(said).digest('base64url');
};

const MAX_TEXTS = 64;
const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Other registries and other services may have their texts there too. In constant time for each of them. */
export const showsText = (texts: readonly string[], expected: string): boolean => {
  const wanted = digestOf(expected);
  const marked = texts.map((text) => text.trim()).filter((text) => text.startsWith(MARK));
  return marked.slice(0, MAX_TEXTS).some((text) => timingSafeEqual(digestOf(text), wanted));
};
