// Where this registry judges a v1 manifest otherwise than the public v1 schema of its kind, and why. Pure.
import type { PackKind } from './kind.ts';

export interface Deviation {
  readonly id: string;
  /** `looser` takes what the schema refuses, `stricter` refuses what the schema takes. */
  readonly verdict: 'looser' | 'stricter';
  readonly kinds: readonly PackKind[] | 'all';
  readonly rule: string;
  readonly reason: string;
}

export const DEVIATIONS: readonly Deviation[] = [
  {
    id: 'signed-connection',
    verdict: 'looser',
    kinds: ['connection'],
    rule: 'a connection pack may carry the signing block of every other kind',
    reason: 'the public schema forgot it, so that no signed connection pack could be valid',
  },
  {
    id: 'unique-ids',
    verdict: 'stricter',
    kinds: 'all',
    rule: 'ids that others refer to occur once in their list: nodes, agents, chains, fragment nodes, fields, …',
    reason: 'demanded in prose; a schema cannot express uniqueness by property',
  },
  {
    id: 'connector-actions',
    verdict: 'stricter',
    kinds: ['node'],
    rule: 'the actions of a connector are nodes of the same pack',
    reason: 'RFC 0045, in prose',
  },
  {
    id: 'sub-chain-cycle',
    verdict: 'stricter',
    kinds: ['workflow-chain'],
    rule: 'no chain composes itself through its siblings',
    reason: 'RFC 0133, in prose',
  },
  {
    id: 'exec-class',
    verdict: 'stricter',
    kinds: 'all',
    rule: 'no id under core.* or openwop.* ends in a word for running commands, and no peer asks a host for that',
    reason: 'host-extensions.md §exec-class tools and RFC 0069, in prose',
  },
  {
    id: 'local-ids',
    verdict: 'stricter',
    kinds: 'all',
    rule: 'ids under local.* stay in packs that are not published',
    reason: 'RFC 0043 §A.5, in prose',
  },
  {
    id: 'host-extension-names',
    verdict: 'stricter',
    kinds: ['node', 'artifact-type', 'card', 'form-content'],
    rule: 'a peer dependency on an extension of a host reads x-host-<vendor>-<name>',
    reason: 'host-extensions.md §Canonical prefixes, in prose',
  },
  {
    id: 'engine-major-1',
    verdict: 'stricter',
    kinds: 'all',
    rule: 'engines.openwop is a version range that admits protocol major 1',
    reason:
      'the schema takes any text; a pack that no host of its tree may install is a mistake of its publisher',
  },
  {
    id: 'reserved-peers',
    verdict: 'stricter',
    kinds: ['node', 'artifact-type', 'card', 'form-content'],
    rule: 'host.media, host.collaboration and host.workspace are no peer dependencies',
    reason: 'v1 host-capabilities.md reserves them and defines none',
  },
];
