// What every question about a base is asked with, and the addresses where it is asked.
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { KnowledgePath } from '../../protocol/knowledge-path.ts';
import type { OpenRegistry } from '../registry.ts';
import type { TrustStore } from '../trust-state.ts';
import type { KnowledgeReader } from './reader.ts';
import type { KnowledgeReference } from './reference.ts';

export interface KnowledgeDeps {
  readonly registry: OpenRegistry;
  readonly reader: KnowledgeReader;
  readonly store: TrustStore;
  /**
   * Takes a pinned version for what its content id says alone: neither who signed it nor whether the log records it is
   * asked. A version that was not pinned is never taken like that.
   */
  readonly trustPins: boolean;
}

export const baseAddress = (base: BaseId): string => `/bases/${encodeURIComponent(base)}`;

/** A version is asked for as it was asked for by whoever reads: a role may grant what is current, and nothing else. */
export const versionAddress = ({ base, selector }: KnowledgeReference): string =>
  `${baseAddress(base)}/versions/${selector}`;

/** Slashes stay what they are. */
export const pathAddress = (path: KnowledgePath): string => path.split('/').map(encodeURIComponent).join('/');

/** Members that say nothing are left out. */
export const queryOf = (members: Readonly<Record<string, string | number | undefined>>): string => {
  const said = Object.entries(members).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return said.length === 0 ? '' : `?${said.join('&')}`;
};
