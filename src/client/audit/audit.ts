// Audits a registry: every entry of its log from the root key down, and every fact in it against what is served.
import { encodeBase64 } from '../../../keys/bytes.ts';
import type { AuditFinding } from './findings.ts';
import { type AuditOptions, type AuditSession, type Look, startAudit } from './session.ts';
import { MARKS, type Mark } from './version-table.ts';

/** How much of each there is, as the log has it. */
export interface AuditCounts {
  readonly entries: number;
  /** Entries that commit to what only authorised readers may see; nothing of it could be compared. */
  readonly sealed: number;
  readonly packs: number;
  readonly versions: number;
  readonly yanked: number;
  readonly deprecated: number;
  /** Counted among the versions all the same. */
  readonly unpublished: number;
  /** Of those that are served: signed by a key that is revoked from before their place on. No host takes them. */
  readonly revokedVersions: number;
  readonly keys: number;
  readonly revoked: number;
  readonly roots: number;
  readonly namespaces: number;
}

export interface AuditReport {
  readonly registry: string;
  /** The name of the log. */
  readonly origin: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  readonly counts: AuditCounts;
  /** Empty where registry and log agree on everything. */
  readonly findings: readonly AuditFinding[];
  /** Findings beyond those that are listed. */
  readonly leftOut: number;
  /** False where the log could not be read to its end, so that nothing was compared with it. */
  readonly compared: boolean;
  /** Every tarball was fetched as well, and asked all that a host asks. */
  readonly tarballs: boolean;
  readonly durationMs: number;
}

const count = (items: Iterable<unknown>): number => [...items].length;

const countMarked = ({
  facts: { versions, keyTable },
}: AuditSession): Record<Mark | 'revokedVersions', number> => {
  const marked = { yanked: 0, deprecated: 0, unpublished: 0, revokedVersions: 0 };
  for (const name of versions.names())
    for (const each of versions.versionsOf(name)) {
      for (const mark of MARKS) if (each[mark]) marked[mark] += 1;
      if (!each.unpublished && keyTable.isRevokedAt(each.keyId, each.position)) marked.revokedVersions += 1;
    }
  return marked;
};

const countsOf = (session: AuditSession, { head }: Look): AuditCounts => {
  const { versions, keyTable, claims, kinds } = session.facts;
  return {
    entries: head.size,
    sealed: kinds.get('sealed') ?? 0,
    packs: count(versions.names()),
    versions: versions.count(),
    ...countMarked(session),
    keys: keyTable.keys.size,
    revoked: [...keyTable.keys.values()].filter(({ revocation }) => revocation !== undefined).length,
    roots: keyTable.roots.size,
    namespaces: claims.size,
  };
};

/**
 * Lists everything that does not agree at once. Memory: a few bundles, and about two hundred bytes for each version.
 * @throws Refusal where the registry cannot be reached, or not even its root, keyring and head can be believed
 */
export const auditRegistry = async (options: AuditOptions): Promise<AuditReport> => {
  const started = performance.now();
  const session = startAudit(options);
  const look = await session.look();
  const compared = session.isWhole();
  const ofRegistry = compared ? await session.compare(look) : { findings: [], leftOut: 0 };
  const { registry, head } = look;
  return {
    registry: registry.reader.base,
    origin: head.origin,
    size: head.size,
    root: encodeBase64(head.root),
    counts: countsOf(session, look),
    findings: [...session.ofLog.all(), ...ofRegistry.findings],
    leftOut: session.ofLog.leftOut() + ofRegistry.leftOut,
    compared,
    tarballs: compared && options.tarballs === true,
    durationMs: Math.round(performance.now() - started),
  };
};
