// The one catalogue of faults: every failure a caller can cause, with its status and code in each tree. Pure.

/** How one fault reads on the v1 tree and on our own paths (`code` itself) and on the v2 tree. */
interface FaultEntry {
  readonly status: number;
  /** The v1 code that a finer cause folds into; absent = our own code. */
  readonly v1?: string;
  /** The registered v2 code that replaces this one under `/v2` (spec/v2 error registry); absent = the same code. */
  readonly v2?: string;
  readonly v2Status?: number;
  readonly says: string;
}

const FOLDED = { status: 400, v2: 'pack_validation_failed' } as const;

export const FAULTS = {
  // The address
  invalid_pack_name: { ...FOLDED, says: 'The pack name is not of the form scope.org.name.' },
  invalid_pack_scope: { ...FOLDED, says: 'Packs of this scope cannot be published here.' },
  invalid_version: { ...FOLDED, says: 'The version is not a semantic version.' },
  // Who asks
  unauthenticated: { status: 401, says: 'A valid token is needed: send "Authorization: Bearer att_…".' },
  key_expired: { status: 401, v2: 'unauthenticated', says: 'This token has expired; ask for a new one.' },
  key_revoked: { status: 401, says: 'This token was revoked; ask for a new one.' },
  forbidden: { status: 403, says: 'This token does not permit that.' },
  pack_namespace_unauthorized: {
    status: 403,
    v1: 'forbidden',
    says: 'This account does not own the namespace of that name.',
  },
  // The upload
  invalid_body: { ...FOLDED, says: 'The body must be a gzipped tarball.' },
  upload_too_large: {
    status: 400,
    v1: 'tarball_too_large',
    v2: 'payload_too_large',
    v2Status: 413,
    says: 'The tarball is larger than this registry takes.',
  },
  tarball_gunzip_failed: { ...FOLDED, says: 'The body is not one well-formed gzip member.' },
  tarball_too_large: { ...FOLDED, says: 'The tarball unpacks to more than this registry takes.' },
  tarball_tar_parse_failed: { ...FOLDED, says: 'The archive is not a plain ustar tarball.' },
  tarball_entry_too_large: { ...FOLDED, says: 'A file in the tarball is too large.' },
  tarball_path_traversal: { ...FOLDED, says: 'A name in the tarball leaves the pack.' },
  tarball_manifest_missing: { ...FOLDED, says: 'The tarball has no pack.json at its root.' },
  tarball_manifest_too_large: { ...FOLDED, says: 'pack.json is too large.' },
  tarball_manifest_not_json: { ...FOLDED, says: 'pack.json is not strict JSON.' },
  tarball_entry_missing: { ...FOLDED, says: 'runtime.entry names a file that is not in the tarball.' },
  // The manifest
  invalid_manifest: { ...FOLDED, says: 'pack.json breaks the rules of its kind.' },
  pack_kind_invalid: { status: 400, says: 'pack.json mixes kinds or names an unknown one.' },
  manifest_mismatch: { ...FOLDED, says: 'pack.json names another pack and version than the address.' },
  manifest_name_mismatch: { ...FOLDED, says: 'pack.json names another pack than the address.' },
  manifest_version_mismatch: { ...FOLDED, says: 'pack.json names another version than the address.' },
  unsupported_runtime: { status: 400, says: 'runtime.language is not one that packs may use.' },
  connection_pack_credential_material: { ...FOLDED, says: 'A connection pack must not carry credentials.' },
  connection_pack_invalid_api_host: { ...FOLDED, says: 'apiHosts must be bare lower-case host names.' },
  connector_action_unresolved: { status: 400, says: 'A connector action names no node of this pack.' },
  sub_chain_cycle: { status: 400, says: 'The chains of this pack call one another in a circle.' },
  schema_ref_missing: { ...FOLDED, says: 'pack.json refers to a file that is not in the tarball.' },
  pack_engine_unsupported: { status: 400, says: 'engines.openwop does not admit this protocol version.' },
  pack_peer_dependency_undefined: { status: 400, says: 'A peer dependency names no known capability.' },
  // Belief
  pack_integrity_failure: { status: 400, says: 'The bytes are not the ones X-Pack-Sha256 names.' },
  signature_required: {
    status: 400,
    v2: 'pack_signature_invalid',
    says: 'Packs of this namespace must be signed.',
  },
  signature_invalid: {
    status: 400,
    v2: 'pack_signature_invalid',
    says: 'The signature does not make this pack believable.',
  },
  statement_invalid: {
    status: 400,
    v1: 'signature_invalid',
    v2: 'pack_signature_invalid',
    says: 'The release statement does not make this pack believable.',
  },
  // The catalogue
  conflict: { status: 409, v2: 'version_conflict', says: 'This version exists with other bytes.' },
  pack_not_found: { status: 404, v2: 'not_found', says: 'There is no such pack here.' },
  pack_version_not_found: {
    status: 404,
    v1: 'pack_not_found',
    says: 'There is no such version of this pack.',
  },
  signature_not_available: { status: 404, says: 'There is no signature to serve for this version.' },
  statement_not_available: {
    status: 404,
    v2: 'attestry.statement_not_available',
    says: 'This version was published without a release statement.',
  },
  // How versions stand
  unpublish_window_expired: {
    status: 400,
    v2: 'attestry.unpublish_window_expired',
    says: 'A version can be unpublished in its first 72 hours only; after that, yank it.',
  },
  advisory_active: {
    status: 409,
    v2: 'attestry.advisory_active',
    says: 'An active advisory names this version: it stays yanked until the advisory is withdrawn or changed.',
  },
  key_revoked_version: {
    status: 409,
    v2: 'attestry.key_revoked_version',
    says: 'The key that signed this version is revoked from before it on, and no client believes it: publish it again under another version, signed by another key.',
  },
  advisory_withdrawn: {
    status: 409,
    v2: 'attestry.advisory_withdrawn',
    says: 'This advisory was withdrawn, and is changed no more: publish a new one.',
  },
  advisory_not_found: {
    status: 404,
    v2: 'not_found',
    says: 'There is no such advisory here.',
  },
  // Keys and namespaces
  key_not_found: { status: 404, v2: 'not_found', says: 'There is no such key here.' },
  key_not_active: {
    status: 409,
    v2: 'attestry.key_not_active',
    says: 'Only a key that is in force can be followed by another: list the new one with "attestry keys add".',
  },
  rotation_proof_invalid: {
    status: 400,
    v2: 'attestry.rotation_proof_invalid',
    says: 'The old key did not sign for the new one: sign kid, public key and validFrom of the new key with the old one.',
  },
  namespace_held: {
    status: 403,
    v2: 'pack_namespace_unauthorized',
    says: 'This name is held for the operator, or looks like one that is: ask the operator for it.',
  },
  domain_unproven: {
    status: 403,
    v2: 'attestry.domain_unproven',
    says: 'The domain does not name this account: publish the proof there, then try again.',
  },
  // Knowledge: who acts
  principal_required: { status: 403, says: 'This account acts as nobody here, or as several: name one.' },
  principal_in_use: {
    status: 409,
    says: 'Others act on behalf of this principal, or answer to it: end them first.',
  },
  authority_denied: { status: 403, says: 'The role of this principal does not permit that.' },
  human_binding_missing: {
    status: 403,
    says: 'Only a human with an active binding for this workforce may do that.',
  },
  self_review_forbidden: { status: 403, says: 'Nobody decides about what he, or an agent of his, proposed.' },
  contribution_closed: { status: 403, says: 'This base takes no contributions.' },
  traceparent_required: {
    status: 400,
    says: 'Workers send a valid "traceparent" header (W3C Trace Context).',
  },
  // Knowledge: what is asked for
  invalid_knowledge_base_id: { status: 400, says: 'A base reads kb:<authority>:<workforce>:<name>.' },
  knowledge_base_not_found: { status: 404, says: 'There is no such base here.' },
  version_not_found: { status: 404, says: 'The base has no such version.' },
  entry_not_found: { status: 404, says: 'This version has nothing at that path.' },
  document_not_found: { status: 404, says: 'No such document was uploaded for this base.' },
  contribution_not_found: { status: 404, says: 'There is no such contribution here.' },
  content_erased: { status: 410, says: 'This content was erased; the record of it stays.' },
  snapshot_unavailable: { status: 410, says: 'What was current then is not known here.' },
  // Knowledge: why it cannot be now
  knowledge_base_paused: { status: 409, says: 'This base is paused.' },
  knowledge_base_held: { status: 409, says: 'This base is held: nothing is accepted until it is released.' },
  base_version_conflict: {
    status: 409,
    says: 'The base moved on: revise the contribution onto its current version.',
  },
  base_busy: { status: 409, says: 'Another change of this base came first; nothing was done, try again.' },
  pointer_conflict: { status: 409, says: 'The pointer moved meanwhile: read it again.' },
  invalid_transition: { status: 409, says: 'The contribution does not stand where that could happen.' },
  verdict_blocks_acceptance: { status: 409, says: 'A verdict on this revision blocks its acceptance.' },
  criteria_unmet: { status: 409, says: 'Not all criteria of success are met.' },
  evaluation_missing: { status: 409, says: 'A required evaluation has not passed on this revision.' },
  human_review_required: { status: 409, says: 'Only a human may accept this.' },
  quorum_not_met: { status: 409, says: 'More approvals are needed.' },
  signature_missing: { status: 409, says: 'The policy asks for a signed decision.' },
  revision_limit_exceeded: {
    status: 409,
    says: 'The contribution was revised as often as the policy lets it be.',
  },
  no_change: { status: 409, says: 'That would change nothing.' },
  idempotency_conflict: { status: 409, says: 'This Idempotency-Key was used for another request.' },
  legal_hold: { status: 409, says: 'A legal hold forbids to destroy this.' },
  // Knowledge: what came in
  digest_mismatch: { status: 422, says: 'The bytes are not the ones that their name says.' },
  archive_invalid: { status: 422, says: 'The archive is not that of this version of the base.' },
  confidence_floor_too_low: { status: 422, says: 'A confidence floor lies between 0.5 and 1.' },
  policy_invalid: { status: 422, says: 'The contribution policy breaks a rule.' },
  contribution_invalid: { status: 422, says: 'The contribution breaks a rule.' },
  diff_too_large: {
    status: 422,
    says: 'The two versions differ in more than is compared at once: list both of them instead.',
  },
  audit_unavailable: {
    status: 503,
    says: 'The read could not be recorded, so nothing is given out; try again shortly.',
  },
  // Our own interface and the transport
  validation_error: { status: 400, says: 'The request breaks a rule of this operation.' },
  already_exists: { status: 409, v2: 'attestry.already_exists', says: 'That exists already.' },
  not_found: { status: 404, says: 'There is nothing at this address.' },
  method_not_allowed: {
    status: 405,
    v2: 'attestry.method_not_allowed',
    says: 'This address does not take that method.',
  },
  protocol_version_mismatch: {
    status: 400,
    says: 'OpenWOP-Version names another major than this address speaks.',
  },
  protocol_version_unsupported: {
    status: 406,
    says: 'OpenWOP-Version names a major that is not spoken here.',
  },
  payload_too_large: { status: 413, says: 'The body is larger than this operation takes.' },
  unsupported_media_type: { status: 415, says: 'This operation does not take that content type.' },
  range_not_satisfiable: {
    status: 416,
    v2: 'attestry.range_not_satisfiable',
    says: 'The range lies outside the file.',
  },
  idempotency_key_invalid: {
    status: 400,
    says: 'An Idempotency-Key has 1 to 255 visible characters.',
  },
  idempotency_in_flight: {
    status: 409,
    says: 'A request with this Idempotency-Key is under way: wait, and send it again.',
  },
  idempotency_key_mismatch: {
    status: 409,
    says: 'This Idempotency-Key was used for another request: take a new one.',
  },
  secret_shown_once: {
    status: 409,
    v2: 'attestry.secret_shown_once',
    says: 'This was done, and its answer held a secret that is shown once: revoke that one, and ask for another under a new Idempotency-Key.',
  },
  answer_not_kept: {
    status: 409,
    v2: 'attestry.answer_not_kept',
    says: 'This was done, and its answer is too long to be given again: read what became of it.',
  },
  headers_too_large: {
    status: 431,
    v2: 'attestry.headers_too_large',
    says: 'The headers are more, or longer, than are read here.',
  },
  request_timeout: {
    status: 408,
    v2: 'attestry.request_timeout',
    says: 'The request did not come in time.',
  },
  rate_limited: { status: 429, says: 'Too many requests: wait as long as Retry-After says.' },
  busy: { status: 503, v2: 'attestry.busy', says: 'The registry is at its limit; try again shortly.' },
  unavailable: {
    status: 503,
    v2: 'attestry.unavailable',
    says: 'The registry cannot reach its database or its blobs right now; try again shortly.',
  },
  not_sealed_yet: {
    status: 503,
    v2: 'attestry.not_sealed_yet',
    says: 'This is recorded, and the log has not sealed it yet; try again shortly.',
  },
  internal_error: { status: 500, says: 'Something failed on our side; the request may be repeated.' },
} as const satisfies Record<string, FaultEntry>;

export type FaultCode = keyof typeof FAULTS;

/** One broken rule: `where` is a JSON pointer, an archive entry's name or a header's name. */
export interface Violation {
  readonly code: FaultCode;
  readonly where: string;
  readonly message: string;
}

export type FaultDetails = Readonly<Record<string, unknown>>;

/** A failure the caller caused: final, documented, and safe to show in full. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly details: FaultDetails;

  constructor(code: FaultCode, message: string, details: FaultDetails) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Makes a fault; without `message` the catalogue's own sentence is shown. */
export const fault = (code: FaultCode, details: FaultDetails = {}, message?: string): Fault =>
  new Fault(code, message ?? FAULTS[code].says, details);

/** One fault for a whole stage: the first violation gives the code, all of them stand in the details. */
export const faultOf = (violations: readonly [Violation, ...Violation[]]): Fault =>
  fault(violations[0].code, { violations }, violations[0].message);

export type Tree = 'v1' | 'v2';

/** The status and wire code of a fault in one tree. */
export const onWire = (code: FaultCode, tree: Tree): { readonly status: number; readonly error: string } => {
  const entry: FaultEntry = FAULTS[code];
  if (tree === 'v1') return { status: entry.status, error: entry.v1 ?? code };
  return { status: entry.v2Status ?? entry.status, error: entry.v2 ?? code };
};
