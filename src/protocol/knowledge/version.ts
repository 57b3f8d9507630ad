// The manifest of a version: one block whose content id is what the version is called, and the signature over it. Pure.
import type { Envelope } from '../../../keys/envelope.ts';
import { type CborObject, cidOfLink, decodeCbor, encodeCbor, isLink, linkTo } from '../cbor.ts';
import { type Cid, cidOf, codecOf } from '../cid.ts';
import { ContentError } from '../content-errors.ts';
import { KNOWLEDGE_TREE } from '../merkle-tree/profile.ts';
import {
  type BaseId,
  type ContributionId,
  type PrincipalId,
  parseBaseId,
  parseContributionId,
  parsePrincipalId,
} from './ids.ts';

/** Equal content has an equal `content`; the version's own id adds where it came from. */
export interface VersionManifest {
  readonly v: 1;
  readonly kb: BaseId;
  /** Counts the versions of the base, from 1, in the order in which they were made. */
  readonly seq: number;
  /** The version it was made from; null for the first. */
  readonly parent: Cid | null;
  /** The root of the tree of entries. */
  readonly content: Cid;
  readonly profile: string;
  /** How many entries, and how many bytes their documents have together. */
  readonly entries: number;
  readonly bytes: number;
  /** The policy under which it was accepted. */
  readonly policyVersion: number;
  readonly contribution: ContributionId;
  readonly proposer: PrincipalId;
  /** RFC 3339, UTC, milliseconds. */
  readonly createdAt: string;
}

export const VERSION_PAYLOAD_TYPE = 'application/vnd.attestry.kb-version+cbor';

const MAX_VERSION_BYTES = 4_096;
const MEMBERS = 'bytes,content,contribution,createdAt,entries,kb,parent,policyVersion,profile,proposer,seq,v';
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const encodeVersion = ({ parent, content, ...rest }: VersionManifest): Uint8Array =>
  encodeCbor({ ...rest, parent: parent === null ? null : linkTo(parent), content: linkTo(content) });

export const versionCid = (manifest: Uint8Array): Cid => cidOf('dag-cbor', manifest);

const isCount = (value: unknown, least: number): boolean =>
  Number.isSafeInteger(value) && Number(value) >= least;

const isInstant = (value: unknown): boolean =>
  typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value));

const block = (value: unknown): Cid | undefined => {
  const cid = isLink(value) ? cidOfLink(value) : undefined;
  return cid !== undefined && codecOf(cid) === 'dag-cbor' ? cid : undefined;
};

type Checks = { readonly [K in keyof VersionManifest]: (value: unknown) => boolean };

const CHECKS: Checks = {
  v: (value) => value === 1,
  kb: (value) => typeof value === 'string' && parseBaseId(value) !== undefined,
  seq: (value) => isCount(value, 1),
  parent: (value) => value === null || block(value) !== undefined,
  content: (value) => block(value) !== undefined,
  profile: (value) => value === KNOWLEDGE_TREE.name,
  entries: (value) => isCount(value, 0),
  bytes: (value) => isCount(value, 0),
  policyVersion: (value) => isCount(value, 1),
  contribution: (value) => typeof value === 'string' && parseContributionId(value) !== undefined,
  proposer: (value) => typeof value === 'string' && parsePrincipalId(value) !== undefined,
  createdAt: isInstant,
};

const readMembers = (value: unknown): CborObject => {
  const members = Object.keys((value ?? {}) as object)
    .sort()
    .join();
  if (members !== MEMBERS) throw new ContentError('version_form', { members });
  return value as CborObject;
};

/** @throws ContentError `version_form`; as `decodeCbor` where the block is no canonical dag-cbor */
export const decodeVersion = (bytes: Uint8Array): VersionManifest => {
  const members = readMembers(decodeCbor(bytes, { maxBytes: MAX_VERSION_BYTES, maxDepth: 2 }));
  const problems = Object.entries(CHECKS).flatMap(([name, holds]) => (holds(members[name]) ? [] : [name]));
  if (problems.length > 0) throw new ContentError('version_form', { problems });
  const { parent, content } = members;
  return { ...members, parent: block(parent) ?? null, content: block(content) } as unknown as VersionManifest;
};

/** What a version's key signs: the manifest's own bytes. */
export const versionEnvelope = (manifest: Uint8Array): Pick<Envelope, 'payloadType' | 'payload'> => ({
  payloadType: VERSION_PAYLOAD_TYPE,
  payload: manifest,
});
