// Why a client does not believe: the questions it asks, in order, and the reasons it may refuse for. Pure.

/** What is asked about a pack, in the order in which it is asked, with what a "yes" says. */
const PACK_QUESTIONS = {
  registry: 'the registry answers, within bounds, and has what was asked for',
  root: 'the root document follows from the one pinned or seen first, and has not expired',
  keyring: 'the registrar signed the keyring; it is fresh and not older than the last one seen',
  checkpoint: 'the head of the log is signed and consistent with the last one seen',
  leaf: 'the log records this version',
  digest: 'the tarball has the digest that the registry names, and so does its log if it has one',
  archive: 'the archive holds plain files only and keeps every rule',
  identity: 'the first and only pack.json has the name and version that were asked for',
  agreement: 'the served manifest says what the manifest in the archive says',
  signature: 'the named key made the signature',
  delegation: 'that key speaks for this namespace and stands in force',
  statement: 'a release statement puts every byte under the key',
  lifecycle: 'the registrar’s list and the registry say whether it was yanked',
  engines: 'the pack admits the protocol version of this host',
  policy: 'the policy of this host admits it',
  installed: 'the files on disk are the ones that were installed',
} as const;

/** What is asked about a version of a base beside that, and about whatever is read from it. */
const KNOWLEDGE_QUESTIONS = {
  manifest: 'the manifest is the block that the version is named after, and it is of that base',
  current: 'the log records that the pointer moved to this version, and no later move was seen',
  entry: 'the tree of the version proves what stands at the path',
  document: 'the bytes are the ones that the entry names',
  page: 'the tree of the version proves that the page leaves nothing out and adds nothing',
  hits: 'every hit stands in the version, in the order that was said',
  scores: 'every hit has the words that were looked for, as often as was said',
  difference: 'both trees prove that this is all that differs',
  export: 'the export holds the version, all that it names, and nothing else',
  event: 'the log holds the leaf that commits to this event',
} as const;

/** Every question, with what a "yes" says. */
export const QUESTIONS = { ...PACK_QUESTIONS, ...KNOWLEDGE_QUESTIONS } as const;
export type Question = keyof typeof QUESTIONS;

const DELEGATED_THEN = 'that key spoke for this namespace and stood in force when the log recorded it';

/** A log says when a version was recorded, and as of then its key is asked about. */
export const questionText = (question: Question, recorded: boolean): string =>
  recorded && question === 'delegation' ? DELEGATED_THEN : QUESTIONS[question];

/** The closed list of reasons; names that OpenWOP clients know already are kept. */
export const REFUSALS = {
  // The registry
  pack_registry_unreachable: 'The registry cannot be reached.',
  registry_endpoints_unresolvable: 'The discovery document names no usable addresses.',
  registry_denied: 'The registry does not show that without a valid token.',
  reply_malformed: 'The registry answered with something that is not what was asked for.',
  reply_too_large: 'The answer is larger than it may be.',
  reply_too_slow: 'The answer took longer than it may.',
  reply_encoded: 'The answer is transformed by a Content-Encoding that nobody asked for.',
  redirect_refused: 'The registry redirects to a place that is not safe to follow.',
  pack_not_found: 'The registry has no such pack or version.',
  no_version_satisfies: 'No version of the pack satisfies the range.',
  // Sets of packs
  pack_dependency_conflict: 'No version satisfies all that is asked for together.',
  pack_dependency_cycle: 'Packs depend on each other in a circle.',
  resolution_gave_up: 'The search for versions that fit together was given up.',
  pack_lockfile_invalid: 'The lockfile cannot be read.',
  pack_lockfile_incomplete: 'The lockfile does not have all that is asked for.',
  // Trust
  trust_documents_missing: 'The registry had trust documents before and shows none now.',
  trust_state_unreadable: 'What is remembered about this registry cannot be read.',
  root_anchor_invalid: 'The root document to start from is not valid.',
  root_update_invalid: 'A newer root document is not signed by enough of the right keys.',
  root_rollback: 'The root document is older than the one seen before.',
  root_fork: 'The root document differs from the one of that version seen before.',
  root_expired: 'The root document has expired.',
  root_steps: 'The root documents go on for too many versions.',
  keyring_missing: 'The registry names a keyring and does not serve it.',
  keyring_signature: 'The keyring is not signed by the registrar.',
  keyring_rollback: 'The keyring is older than, or differs from, the one seen before.',
  keyring_expired: 'The keyring has expired: whoever serves it may be keeping newer ones back.',
  // The log
  checkpoint_missing: 'The registry has a log and shows no head of it.',
  checkpoint_signature: 'The head of the log is not signed by the log’s key.',
  checkpoint_rollback: 'The log is smaller than the one seen before.',
  checkpoint_behind: 'The log is smaller than the registrar says it was: the two are not of one time.',
  log_fork: 'The log shows two histories that exclude each other.',
  log_unprovable: 'The log does not prove that it continues the one seen before.',
  log_too_short: 'The log is not as long as the state that is asked about.',
  proof_missing: 'The registry has a log and shows no proof that it records this version.',
  proof_malformed: 'The proof that the log records this version cannot be read.',
  leaf_not_included: 'The log does not record what the registry says it records.',
  leaf_mismatch: 'What the log records there is another version.',
  leaf_digest_mismatch: 'The registry names another tarball than the log records.',
  leaf_signature_mismatch: 'The log records another key or signature than the pack has.',
  // Withdrawn versions
  withdrawals_missing: 'The registry names a list of withdrawn versions and does not serve it.',
  withdrawals_signature: 'The list of withdrawn versions is not signed by the registrar.',
  withdrawals_rollback: 'The list of withdrawn versions is older than, or differs from, the one seen before.',
  withdrawals_expired: 'The list of withdrawn versions has expired: newer ones may be kept back.',
  // The bytes
  unsupported_integrity_algorithm: 'The registry names no SHA-256 digest for the tarball.',
  pack_integrity_mismatch: 'The tarball is not the one the registry names.',
  archive_invalid: 'The archive breaks the rules for packs.',
  manifest_identity_mismatch: 'The pack is not the one that was asked for.',
  manifest_mismatch: 'The served manifest says something else than the manifest in the archive.',
  // The signature
  pack_signature_unverifiable: 'There is no signature that could be verified.',
  pack_signature_invalid: 'The signature was not made by the named key over these bytes.',
  key_unknown: 'The registry lists no such key.',
  key_unusable: 'The public key cannot be used.',
  key_inactive: 'The key is not in force.',
  key_revoked: 'The key was revoked.',
  key_not_permitted: 'The key does not speak for that name.',
  // The release statement
  statement_missing: 'There is no release statement, and the host asks for one.',
  statement_signature: 'The release statement is not signed by the key that signed the pack.',
  statement_invalid: 'The release statement cannot be read.',
  statement_mismatch: 'The release statement is about other bytes.',
  assurance_too_low: 'Less vouches for the pack than the host asks for.',
  // The version and the host
  pack_version_yanked: 'The version was yanked.',
  pack_version_unpublished: 'The version was unpublished: its publisher took it back.',
  pack_engine_unsupported: 'The pack does not admit the protocol version of this host.',
  policy_refused: 'The policy of this host does not admit it.',
  // Bases
  knowledge_not_found: 'The registry shows no such thing to this principal.',
  knowledge_denied: 'The registry does not let this principal read that.',
  knowledge_unavailable: 'The registry does not give that out now.',
  content_erased: 'This content was erased; the record of that stays.',
  version_block_mismatch: 'The manifest is not the block that the version is named after.',
  version_moved: 'The pointer of the base moved while the version was read.',
  version_malformed: 'The block is no manifest of a version.',
  version_of_another_base: 'The version is one of another base.',
  version_signature_invalid: 'Nobody who speaks for the base signed this version.',
  pointer_mismatch: 'The log records another move of the pointer than the registry says.',
  pointer_rollback: 'The pointer stands where it stood before a move that was seen.',
  pointer_fork: 'The pointer names another version than it was seen to name after the same move.',
  entry_unproven: 'The blocks do not prove what stands at the path.',
  entry_mismatch: 'The version has something else at that path.',
  document_mismatch: 'The document is not the one that its entry names.',
  page_mismatch: 'The page is not what the version has there.',
  hits_mismatch: 'The hits are not in the order, or not of the number, that was asked for.',
  score_mismatch: 'The document does not have the words as often as the registry says.',
  difference_mismatch: 'What is said to differ is not what differs.',
  hash_mismatch: 'The registry names another hash of what it gave out.',
  export_mismatch: 'The export is not what its version names.',
  event_mismatch: 'The event is not the one that its leaf commits to.',
  // Bundles
  bundle_unreadable: 'The file is no bundle that can be read.',
  bundle_incomplete: 'The bundle does not hold an answer that is needed.',
  bundle_mismatch: 'The bundle holds another version than it says.',
  export_unreadable: 'The file is no export of a registry that can be read.',
  export_inconsistent: 'What is there is not what the log of the registry says.',
  export_unsettled: 'The registry changes too fast to be exported as it stands.',
  // On disk
  not_installed: 'There is no such pack in that directory.',
  install_target_foreign: 'Something stands in the place of the pack that was not put there by an install.',
  install_incomplete: 'Not all packs could be put in place, and not all of those could be taken back.',
  install_locked: 'Another install is working in that directory.',
  installed_marker_invalid: 'The record of the install cannot be read.',
  installed_file_changed: 'An installed file was changed.',
  installed_file_missing: 'An installed file is missing.',
  installed_file_added: 'There is a file that was not installed.',
} as const;
export type RefusalCode = keyof typeof REFUSALS;

/** What was expected and what was found: plain JSON values. */
export type Evidence = Readonly<Record<string, unknown>>;

/** A pack, a registry or an installed directory that is not believed. Nothing of it may be used. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly question: Question;
  readonly code: RefusalCode;
  readonly evidence: Evidence;

  constructor(question: Question, code: RefusalCode, message: string, evidence: Evidence, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.question = question;
    this.code = code;
    this.evidence = evidence;
  }
}

/** Makes a refusal; without `message` the catalogue's own sentence is shown. */
export const refusal = (
  question: Question,
  code: RefusalCode,
  evidence: Evidence = {},
  message: string = REFUSALS[code],
  cause?: unknown,
): Refusal => new Refusal(question, code, message, evidence, cause);

const TROUBLE: ReadonlySet<RefusalCode> = new Set([
  'pack_registry_unreachable',
  'reply_too_slow',
  'registry_denied',
]);

/** Whether a refusal says only that the registry could not be asked. */
export const isTrouble = (error: unknown): boolean => error instanceof Refusal && TROUBLE.has(error.code);

/** How one question was answered; the third answer, "no", is a `Refusal`. */
export type Answer =
  | { readonly question: Question; readonly answer: 'yes' }
  | { readonly question: Question; readonly answer: 'not_checked'; readonly why: string };

export const yes = (question: Question): Answer => ({ question, answer: 'yes' });

export const notChecked = (question: Question, why: string): Answer => ({
  question,
  answer: 'not_checked',
  why,
});
