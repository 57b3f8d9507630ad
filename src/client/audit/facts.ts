// Derives from the entries of a log everything that its registry has to serve. Pure.
import type { JsonObject } from '../../../keys/canonical.ts';
import { KeyError } from '../../../keys/errors.ts';
import { openEvent } from '../../protocol/event.ts';
import { at, textOf } from '../../protocol/manifest/read.ts';
import { createAdvisoryTable, type LoggedAdvisory } from './advisory-table.ts';
import type { Report } from './findings.ts';
import { createKeyTable, type Flaw, type KeyTable } from './key-table.ts';
import {
  createVersionTable,
  type Mark,
  type NewVersion,
  readSignature,
  type VersionTable,
} from './version-table.ts';

export interface LoggedClaim {
  readonly position: number;
  readonly account: string;
}

/** What stands in a log as of some size. */
export interface LogFacts {
  readonly versions: VersionTable;
  readonly keyTable: KeyTable;
  /** Base64 of the raw keys that mirrored versions were believed by, by their ids. */
  readonly mirroredKeys: ReadonlyMap<string, string>;
  readonly claims: ReadonlyMap<string, LoggedClaim>;
  readonly advisories: ReadonlyMap<string, LoggedAdvisory>;
  /** Entries by kind; `sealed` ones commit to what only authorised readers may see. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly take: (position: number, entry: Uint8Array) => LoggedEvent;
}

/** What one entry says it is about. */
export interface LoggedEvent {
  readonly position: number;
  readonly kind: string;
  readonly subject: string;
}

interface Entry {
  readonly position: number;
  readonly subject: string;
  readonly data: JsonObject;
}

const text = (data: JsonObject, name: string): string => textOf(data[name]) ?? '';

/** Undefined for what no registry records. */
const versionOf = ({ position, data }: Entry): NewVersion | undefined => {
  const [name, version, tree, sha256] = ['name', 'version', 'tree', 'sha256'].map((each) => text(data, each));
  const { size } = data;
  const keyId = textOf(data['keyId']);
  const signature = readSignature(textOf(data['signature']));
  if (!name || !version || (tree !== 'v1' && tree !== 'v2') || !/^[0-9a-f]{64}$/.test(sha256 ?? ''))
    return undefined;
  if (!Number.isSafeInteger(size) || (keyId === undefined) !== (signature === undefined)) return undefined;
  return { name, version, position, tree, sha256: sha256 ?? '', size: Number(size), keyId, signature };
};

const fromPosition = (data: JsonObject, position: number): number | null => {
  const { from } = data;
  if (from === 'ever') return null;
  return Number.isSafeInteger(from) ? Number(from) : position;
};

const opened = (entry: Uint8Array): JsonObject | string => {
  try {
    return openEvent(entry).event;
  } catch (error) {
    if (error instanceof KeyError || error instanceof RangeError) return error.message;
    throw error;
  }
};

export const createFacts = (report: Report): LogFacts => {
  const versions = createVersionTable();
  const keyTable = createKeyTable();
  const advisoryTable = createAdvisoryTable();
  const mirroredKeys = new Map<string, string>();
  const claims = new Map<string, LoggedClaim>();
  const kinds = new Map<string, number>();

  const tell = ({ position, subject }: Entry, flaw: Flaw | undefined): void => {
    if (flaw !== undefined) report(flaw.code, subject, flaw.evidence, position);
  };

  const mark = (entry: Entry, as: Mark, holds: boolean): void => {
    const { data, subject, position } = entry;
    if (versions.mark(text(data, 'name'), text(data, 'version'), as, holds)) return;
    report('standing_without_version', subject, {}, position);
  };

  const deprecate = (entry: Entry, holds: boolean): void => {
    const { data } = entry;
    mark(entry, 'deprecated', holds);
    const successor = holds ? textOf(data['supersededBy']) : undefined;
    versions.supersede(text(data, 'name'), text(data, 'version'), successor);
  };

  const publish = (entry: Entry): void => {
    const { position, subject } = entry;
    const version = versionOf(entry);
    if (version === undefined) report('leaf_malformed', subject, { reason: 'no publication' }, position);
    else if (!versions.add(version)) report('version_republished', subject, {}, position);
  };

  const advise = ({ position, subject, data }: Entry): void => {
    if (!advisoryTable.say(position, data))
      report('leaf_malformed', subject, { reason: 'no advisory' }, position);
  };

  const withdraw = ({ position, subject, data }: Entry): void => {
    if (!advisoryTable.withdraw(position, text(data, 'id')))
      report('leaf_malformed', subject, { reason: 'withdraws no advisory' }, position);
  };

  /** Whoever was named last holds it. */
  const hold = ({ position, data }: Entry): void =>
    void claims.set(text(data, 'namespace'), { position, account: text(data, 'account') });

  /** What changes nothing that is served has no line here. */
  const takers: Readonly<Record<string, (entry: Entry) => void>> = {
    'pack.published': publish,
    'mirror.ingested': (entry) => {
      publish(entry);
      mirroredKeys.set(text(entry.data, 'keyId'), text(entry.data, 'publicKey'));
    },
    'pack.yanked': (entry) => mark(entry, 'yanked', true),
    'pack.unyanked': (entry) => mark(entry, 'yanked', false),
    'pack.deprecated': (entry) => deprecate(entry, true),
    'pack.undeprecated': (entry) => deprecate(entry, false),
    'pack.unpublished': (entry) => mark(entry, 'unpublished', true),
    'key.delegated': (entry) => tell(entry, keyTable.delegate(entry.position, text(entry.data, 'statement'))),
    'key.rotated': (entry) => {
      const { data, position } = entry;
      const [keyId, rotatedTo] = [text(data, 'keyId'), text(data, 'rotatedTo')];
      const [rotationProof, statement] = [text(data, 'rotationProof'), text(data, 'statement')];
      tell(entry, keyTable.rotate(position, { keyId, rotatedTo, rotationProof, statement }));
    },
    'key.revoked': (entry) => {
      const { data, position } = entry;
      const revocation = {
        position,
        reason: text(data, 'reason'),
        fromPosition: fromPosition(data, position),
      };
      tell(entry, keyTable.revoke(text(data, 'keyId'), revocation));
    },
    'advisory.published': advise,
    'advisory.changed': advise,
    'advisory.withdrawn': withdraw,
    'root.published': (entry) =>
      tell(entry, keyTable.publishRoot(entry.position, text(entry.data, 'envelope'))),
    'namespace.claimed': hold,
    'namespace.transferred': hold,
  };

  const take: LogFacts['take'] = (position, bytes) => {
    const event = opened(bytes);
    if (typeof event === 'string') {
      report('leaf_malformed', `entry:${position}`, { reason: event }, position);
      return { position, kind: 'unreadable', subject: `entry:${position}` };
    }
    const kind = textOf(event['kind']) ?? 'unknown';
    const subject = textOf(event['subject']) ?? `entry:${position}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    const data = at(event, 'data');
    if (Object.hasOwn(takers, kind)) takers[kind]?.({ position, subject, data: (data ?? {}) as JsonObject });
    return { position, kind, subject };
  };

  return { versions, keyTable, mirroredKeys, claims, advisories: advisoryTable.advisories, kinds, take };
};
