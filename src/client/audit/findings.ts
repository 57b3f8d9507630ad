// What an audit may find: one closed list of the ways in which a registry and its log can disagree. Pure.

export const AUDIT_FINDINGS = {
  // The log against its own head
  entries_missing: 'The log does not serve entries that its head covers.',
  entries_malformed: 'What is served as entries of the log are none.',
  tile_missing: 'The log does not serve hashes that its head covers.',
  tile_mismatch: 'The served hashes are not those of the served entries.',
  root_mismatch: 'The served entries do not hash to the root that the log signed.',
  // The log against itself
  leaf_malformed: 'An entry of the log is no event that can be read.',
  version_republished: 'The log publishes one version twice.',
  standing_without_version: 'The log changes how a version stands that it never published.',
  key_relisted: 'The log delegates one key id twice.',
  delegation_invalid: 'The log records a delegation that no registrar of its roots has signed.',
  rotation_invalid: 'The log lets a key follow another that did not sign for it, or for more than that one.',
  revocation_without_key: 'The log revokes a key that it never delegated.',
  root_invalid: 'The log records a root that does not follow from the one before.',
  // Packs
  pack_missing: 'The registry index leaves out a pack that the log knows.',
  pack_unlogged: 'The registry index lists a pack that the log does not know.',
  pack_standing: 'The registry index says otherwise than the log whether a pack is yanked.',
  pack_deprecation: 'The registry index says otherwise than the log whether a pack is deprecated.',
  version_missing: 'The log knows a version that is not served.',
  version_unserved: 'The registry fails where it is asked for a version that its log knows.',
  version_unlogged: 'A version is served that the log does not know.',
  version_digest: 'The served digest of a version is not the one in the log.',
  version_key: 'A version is served under another key than the log records.',
  version_signature: 'The served signature of a version is not the one in the log.',
  version_standing: 'A version is served as yanked, or as not yanked, against the log.',
  version_deprecation:
    'A version is served as deprecated, as not deprecated, or in favour of another one, against the log.',
  unpublished_served: 'What is unpublished in the log is served all the same.',
  version_refused: 'A client would refuse this version.',
  withdrawal_missing: 'The registrar’s list leaves out a version that is yanked or unpublished in the log.',
  withdrawal_unlogged:
    'The registrar’s list withdraws bytes that are neither yanked nor unpublished in the log.',
  withdrawal_kind: 'The registrar’s list says otherwise than the log whether a version was unpublished.',
  // Advisories
  advisory_missing: 'The registry does not serve an advisory that its log has in force.',
  advisory_unlogged: 'The registry serves an advisory that its log does not have in force.',
  advisory_mismatch: 'The registry serves an advisory that says otherwise than its log.',
  advisory_unenforced: 'An advisory in force names a version that is not yanked.',
  // Keys and roots
  key_missing: 'The registry does not serve a key that the log knows.',
  key_unlogged: 'The registry lists a key that the log does not know.',
  key_mismatch: 'The registry serves another key under an id of the log.',
  key_standing: 'The registry says otherwise than the log whether a key is revoked.',
  rotation_unlogged: 'The registry says that a key follows another, and the log does not.',
  rotation_missing: 'The registry hides that a key follows another in the log.',
  keyring_missing: 'The keyring leaves out a key that the log knows.',
  keyring_unlogged: 'The keyring lists a key that the log does not know.',
  keyring_mismatch: 'The keyring says otherwise than the log what a key may sign.',
  revocation_missing: 'The keyring leaves out a revocation that the log knows.',
  revocation_unlogged: 'The keyring revokes a key that the log does not revoke.',
  revocation_mismatch:
    'The keyring revokes a key from another position, or for another reason, than the log.',
  root_missing: 'The registry does not serve a root that the log knows.',
  root_unlogged: 'The registry serves a root that the log does not know.',
  root_other: 'The registry serves another root under a version of the log.',
  namespace_missing: 'The registry leaves out a namespace that the log gave to somebody.',
  namespace_unlogged: 'The registry lists a namespace that the log gave to nobody.',
  namespace_holder: 'The registry names another holder of a namespace than the log.',
} as const;
export type AuditCode = keyof typeof AUDIT_FINDINGS;

/** `position`: of the entry of the log that it rests on; null where there is none. `evidence`: plain JSON values. */
export interface AuditFinding {
  readonly code: AuditCode;
  /** What it is about, as in events: `pack:<name>@<version>`, `key:<id>` …, or the path of a tile. */
  readonly subject: string;
  readonly position: number | null;
  readonly message: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

export type Report = (
  code: AuditCode,
  subject: string,
  evidence?: AuditFinding['evidence'],
  position?: number | null,
) => void;

/**
 * Findings as they come, each of one subject once however many documents show it; beyond a bound they are only counted,
 * since a false log could make millions of them.
 */
export interface Findings {
  readonly report: Report;
  readonly all: () => readonly AuditFinding[];
  /** How many were left out of `all`. */
  readonly leftOut: () => number;
}

const MAX_KEPT = 10_000;

/** What makes two findings the same. */
export const markOf = ({ code, subject }: Pick<AuditFinding, 'code' | 'subject'>): string =>
  `${code} ${subject}`;

export const collectFindings = (): Findings => {
  const kept = new Map<string, AuditFinding>();
  let more = 0;
  return {
    report: (code, subject, evidence = {}, position = null) => {
      const mark = markOf({ code, subject });
      if (kept.has(mark)) return;
      if (kept.size < MAX_KEPT)
        kept.set(mark, { code, subject, position, message: AUDIT_FINDINGS[code], evidence });
      else more += 1;
    },
    all: () => [...kept.values()],
    leftOut: () => more,
  };
};

/** What one look found. */
export interface Listed {
  readonly findings: readonly AuditFinding[];
  /** How many more there were. */
  readonly leftOut: number;
}

export const listed = (found: Findings): Listed => ({ findings: found.all(), leftOut: found.leftOut() });

const total = ({ findings, leftOut }: Listed): number => findings.length + leftOut;

/**
 * Those that were found both times: what changes while it is looked at seems false once, and not again. Of those that
 * were left out nobody knows which they were, so as many count as may have been found both times.
 */
export const foundAgain = (before: Listed, after: Listed): Listed => {
  const marks = new Set(before.findings.map(markOf));
  const findings = after.findings.filter((finding) => marks.has(markOf(finding)));
  const complete = before.leftOut === 0 && after.leftOut === 0;
  const leftOut = complete ? 0 : Math.min(total(before), total(after)) - findings.length;
  return { findings, leftOut };
};
