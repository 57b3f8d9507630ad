// Opens the bases of a registry from Node: over HTTP, as one of the principals of an account.
import { randomBytes } from 'node:crypto';
import { type OpenRegistryOptions, storeOf, transportOf } from '../open-registry.ts';
import { type Knowledge, type KnowledgePolicy, lookAtKnowledge } from './knowledge.ts';

export interface OpenKnowledgeOptions extends OpenRegistryOptions, KnowledgePolicy {
  /** Needed where the token's account acts as several. */
  readonly principal?: string | undefined;
  /** W3C Trace Context, in which the reads are recorded; without it a trace is begun. */
  readonly traceparent?: string | undefined;
}

export const newTraceparent = (): string =>
  `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;

/** The headers that say who asks, and in which trace. */
export const identityOf = ({
  principal,
  traceparent = newTraceparent(),
}: Pick<OpenKnowledgeOptions, 'principal' | 'traceparent'>): Readonly<Record<string, string>> => ({
  traceparent,
  ...(principal === undefined ? {} : { 'attestry-principal': principal }),
});

/** Throws like `lookAtRegistry`. */
export const openKnowledge = async (options: OpenKnowledgeOptions): Promise<Knowledge> => {
  const identity = { ...options.identity, ...identityOf(options) };
  const transport = transportOf({ ...options, identity });
  return lookAtKnowledge({ ...options, transport, store: storeOf(options) });
};
