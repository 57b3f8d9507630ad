// Asks a registry about its bases, as one of the principals of an account, in one trace for each run.
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../keys/canonical.ts';
import { identityOf } from '../../client/knowledge/open-knowledge.ts';
import { TransportError } from '../../network/transport-error.ts';
import { objectOf } from '../../protocol/manifest/read.ts';
import { type Registry, type RegistryReply, registryOf } from '../ask.ts';
import type { Settings } from '../command.ts';

/** The option that every command about bases has. */
export interface AsOptions {
  /** Which principal acts; needed where the account acts as several. */
  readonly as?: string;
}

export interface KnowledgeRegistry {
  /** `path` begins below the addresses of bases. @throws RegistryFault, TransportError; so do all */
  readonly read: (path: string) => Promise<JsonObject>;
  readonly bytes: (path: string, maxBytes: number) => Promise<Uint8Array>;
  /** Done once, also where it has to be sent twice. */
  readonly write: (
    method: 'POST' | 'PUT',
    path: string,
    body: object,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<RegistryReply>;
  readonly upload: (path: string, bytes: Uint8Array) => Promise<RegistryReply>;
}

const PREFIX = '/knowledge/v1';

const brokeOff = (error: unknown): boolean =>
  error instanceof TransportError && (error.code === 'interrupted' || error.code === 'silent');

/** A connection that broke leaves open whether it was done: under the same key it is done once. */
const sentTwice = async (send: () => Promise<RegistryReply>): Promise<RegistryReply> => {
  try {
    return await send();
  } catch (error) {
    if (!brokeOff(error)) throw error;
    return send();
  }
};

export const knowledgeRegistry = (settings: Settings, { as }: AsOptions): KnowledgeRegistry => {
  const registry: Registry = registryOf(settings, identityOf({ principal: as }));
  return {
    read: async (path) => (await registry.ask('GET', PREFIX + path)).body,
    bytes: (path, maxBytes) => registry.fetch(PREFIX + path, maxBytes),
    write: (method, path, body, headers = {}) => {
      const keyed = { 'idempotency-key': randomUUID(), ...headers };
      return sentTwice(() => registry.ask(method, PREFIX + path, body, keyed));
    },
    upload: (path, bytes) =>
      sentTwice(() => registry.put(PREFIX + path, bytes, { 'content-type': 'application/octet-stream' })),
  };
};

/** `, leaf 7 of the log`; where the seal is late, that it is. */
export const placeOf = ({ status, body, location }: RegistryReply): string => {
  const index = objectOf(body['receipt'])?.['index'];
  if (typeof index === 'number') return `, leaf ${index} of the log`;
  return status === 202 ? `; the log has not recorded it yet: ask ${location ?? 'again later'}` : '';
};
