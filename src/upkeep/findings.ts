// The one catalogue of what a check of the registry can find, each with its sentence and what to do about it. Pure.

/** How a finding is set right. Nothing is repaired by guessing: what only a backup knows comes from a backup. */
export type Plan =
  | { readonly kind: 'repairable'; readonly how: string }
  | { readonly kind: 'restore'; readonly what: string }
  | { readonly kind: 'advice'; readonly how: string };

interface Entry {
  /** A note tells of what is no damage: leftovers, and what the running registry is about to do. */
  readonly severity: 'damage' | 'note';
  readonly sentence: string;
  readonly plan: Plan;
}

const damage = (sentence: string, plan: Plan): Entry => ({ severity: 'damage', sentence, plan });
const note = (sentence: string, how: string): Entry => ({
  severity: 'note',
  sentence,
  plan: { kind: 'advice', how },
});
const repairable = (how: string): Plan => ({ kind: 'repairable', how });
const restore = (what: string): Plan => ({ kind: 'restore', what });
const advice = (how: string): Plan => ({ kind: 'advice', how });

const FROM_ROWS = repairable('written again from the rows');
const ROW = restore('this row');
const EVENT = restore('this event; a bundle of the log that hashes to a signed checkpoint holds its leaf');
const BLOB = restore(
  'this blob; after a power cut a start of the registry may give it back from the journal of its store; a mirror, or a host that installed the version, has the same bytes',
);
const DOCUMENT = restore(
  'this document; an archive of a version that holds it, or whoever wrote it, has the same bytes',
);
const FROM_CONTENT = repairable(
  'made again from what the index and the contributions say, where that has its name',
);
const REISSUE = advice('start the registry: it issues a new one');

/** What is younger is left, as it may be in use just now: see `attestry gc --grace`. */
const COLLECT = 'attestry gc --delete, which leaves what is younger than 24 hours (--grace)';

export const FINDINGS = {
  // Blobs and what they hold
  blob_missing: damage('The tarball of a version is not in the blob store.', BLOB),
  blob_size: damage('The tarball in the blob store has another size than its version says.', BLOB),
  blob_digest: damage('The tarball in the blob store does not hash to its name.', BLOB),
  blob_unnamed: note('No version names this blob.', COLLECT),
  archive_unsound: damage('The tarball breaks a rule that it was checked for when it was published.', ROW),
  manifest_differs: damage('The manifest of a version is not the pack.json in its tarball.', ROW),
  facts_differ: damage('What the indexes say of a version does not follow from its manifest.', ROW),
  files_differ: damage('The list of files of a version is not what its tarball holds.', ROW),
  document_unmade: damage('A document of this version cannot be made from its row.', ROW),
  // Versions
  version_name: damage('The key by which a version is unique is not that of its name.', ROW),
  signature_differs: damage('The signature of a version is not the one in its tarball.', ROW),
  signature_invalid: damage('The signature of a version was not made by the key it names.', ROW),
  key_unknown: damage('A version names a key that is not delegated here.', restore('the delegation')),
  key_not_in_force: damage('The key of a version did not speak for its name when it was published.', ROW),
  publisher_unknown: damage('The account that published a version is not there.', restore('the account')),
  statement_invalid: damage('The release statement of a version does not fit it.', ROW),
  version_without_event: damage('A version has no event that published it.', EVENT),
  version_differs: damage('A version is not what the event that published it says.', ROW),
  event_without_version: damage('An event published a version that is not there.', ROW),
  yank_differs: damage('A version does not stand as its last yank or un-yank says.', ROW),
  deprecation_differs: damage('A version is not deprecated as the last event about that says.', ROW),
  unpublish_differs: damage('A version is unpublished, or is not, otherwise than the log says.', ROW),
  advisory_differs: damage('An advisory is not what the last event about it says.', ROW),
  advisory_offered: damage(
    'A version is on offer that an advisory in force names.',
    advice('yank the version, or change the advisory'),
  ),
  // Events and their places in the log
  leaf_not_canonical: damage('The bytes of an event are not the canonical bytes of an event.', EVENT),
  columns_differ: damage('The columns of an event are not what its bytes say.', EVENT),
  commitment_differs: damage('The leaf of a sealed event does not commit to it.', EVENT),
  sealed_missing: damage('The event that a sealed leaf commits to is not there.', EVENT),
  leaf_without_event: damage('A place of the log holds an event that is not there.', EVENT),
  position_missing: damage('A place of the log is empty.', restore('the row of this position')),
  position_beyond_head: damage('A place is taken beyond the head of the log.', restore('the newer database')),
  event_twice: damage('An event stands in the log more than once.', restore('the rows of the log')),
  event_order: damage(
    'Events stand in the log in another order than they were recorded in.',
    restore('the rows of the log'),
  ),
  event_skipped: damage(
    'The log went past an event without giving it a place.',
    restore('the rows of the log'),
  ),
  leaf_differs: damage('An event is not what the log has signed at its place.', EVENT),
  // The tree and its signed head
  head_missing: damage('The log has places and no head.', restore('the head of the log')),
  head_root: damage('The rows of the log do not hash to its head.', restore('the rows that differ')),
  checkpoint_invalid: damage(
    'The checkpoint of the head is not signed by the key of the log.',
    restore('the head of the log'),
  ),
  checkpoint_differs: damage(
    'The checkpoint of the head signs another size or root.',
    restore('the head of the log'),
  ),
  checkpoint_old_key: note(
    'The head is signed by an earlier key of the log.',
    'start the registry: it signs it anew',
  ),
  subtree_differs: damage('The hash of a full tile is missing or wrong.', FROM_ROWS),
  subtree_stray: damage('There is a hash of a tile that is not full yet.', repairable('removed')),
  tile_missing: damage('A full tile is not in the blob store.', FROM_ROWS),
  tile_differs: damage('A full tile is not what the rows make.', FROM_ROWS),
  bundle_missing: damage('A full entry bundle is not in the blob store.', FROM_ROWS),
  bundle_differs: damage('A full entry bundle is not what the rows make.', FROM_ROWS),
  partial_missing: damage('A partial tile of the published checkpoint is not in the blob store.', FROM_ROWS),
  partial_differs: damage('A partial tile or bundle is not what the rows make.', FROM_ROWS),
  partial_superseded: note('A partial tile has made room for the full one.', COLLECT),
  object_beyond_head: damage(
    'A sealer that ended too early left an object beyond the head.',
    repairable('removed; the next sealer puts it again'),
  ),
  log_ahead: damage(
    'The blob store holds more of the log than the database: one of the two was set back.',
    restore('the newer database; nothing may be signed before that'),
  ),
  published_missing: damage(
    'The published checkpoint is not in the blob store.',
    repairable('published again'),
  ),
  published_unreadable: damage('The published checkpoint is none.', repairable('published again')),
  published_fork: damage(
    'The published checkpoint is of another history than the database.',
    restore('the database or the blob store that belongs to the other'),
  ),
  published_foreign: damage(
    'The published checkpoint is not signed by a key of this log.',
    advice('find out whose it is: BLOB_URL may name the store of another registry'),
  ),
  cosignature_invalid: damage(
    'A cosignature is not one of the checkpoint of its size.',
    restore('the row, or remove it'),
  ),
  witnessed_differs: damage(
    'A checkpoint that witnesses saw is not one that the log had.',
    restore('the row, or remove it'),
  ),
  audit_differs: damage(
    'The audit chain does not follow from the log.',
    restore('the checkpoint of the chain'),
  ),
  audit_signature: damage(
    'A checkpoint of the audit chain is not signed by its key.',
    restore('the checkpoint of the chain'),
  ),
  // Trust
  root_missing: damage('The chain of roots has a gap.', restore('this root')),
  root_invalid: damage('A root does not follow from the one before it.', restore('this root')),
  root_event_differs: damage('A root and the event that published it do not agree.', restore('this root')),
  delegation_invalid: damage('No registrar of its time has signed this delegation.', ROW),
  delegation_differs: damage('A delegation is not what its row or its event says.', ROW),
  delegation_without_event: damage('No event delegated this key.', EVENT),
  event_without_delegation: damage('An event delegated a key that is not there.', restore('the delegation')),
  rotation_differs: damage('That a key follows another is not what its event says.', ROW),
  revocation_differs: damage('A revocation is not what its row or its event says.', ROW),
  revocation_invalid: damage('No registrar has signed this revocation.', ROW),
  revocation_pending: note('A revocation waits for its statement.', 'start the registry: it states it'),
  keyring_missing: damage('There is no keyring.', REISSUE),
  keyring_invalid: damage('The newest keyring is not signed by the registrar.', REISSUE),
  keyring_stale: damage('The newest keyring does not say what is in force.', REISSUE),
  keyring_expired: note('The newest keyring has expired.', 'start the registry: it issues a new one'),
  withdrawals_missing: note('There is no list of withdrawals.', 'start the registry: it issues one'),
  withdrawals_invalid: damage('The newest list of withdrawals is not signed by the registrar.', REISSUE),
  withdrawals_stale: damage('The newest list of withdrawals does not say what is withdrawn.', REISSUE),
  withdrawals_expired: note(
    'The newest list of withdrawals has expired.',
    'start the registry: it issues a new one',
  ),
  // Accounts
  claim_without_event: damage('No event claimed this namespace.', ROW),
  claim_differs: damage('A claimed namespace is not what its event says.', ROW),
  event_without_claim: damage('An event claimed a namespace that nobody holds.', ROW),
  account_without_event: damage('No event created this account.', ROW),
  event_without_account: damage('An event created an account that is not there.', ROW),
  token_without_event: damage('No event created this token.', ROW),
  token_differs: damage('A token is not what its events say.', ROW),
  event_without_token: damage('An event created a token that is not there.', ROW),
  // Bases and their versions
  base_without_event: damage('No event registered this base.', EVENT),
  base_differs: damage('A base does not stand as the events about it say.', ROW),
  event_without_base: damage('An event registered a base that is not there.', ROW),
  policy_differs: damage('A policy of a base is not the one that its event set, or is not there.', ROW),
  base_version_missing: damage('A number is missing in the line of versions of a base.', ROW),
  base_version_manifest: damage('The manifest of a version of a base does not have its name.', ROW),
  base_version_differs: damage(
    'A version of a base is not what its manifest, its content and the event that created it say.',
    ROW,
  ),
  base_version_signature: damage(
    'No key that was delegated for the base has signed the manifest of its version.',
    ROW,
  ),
  base_version_without_event: damage('No event created this version of a base.', EVENT),
  event_without_base_version: damage('An event created a version of a base that is not there.', ROW),
  // What versions of bases hold
  block_missing: damage('A block of the tree of a version is not there.', FROM_CONTENT),
  block_differs: damage(
    'A block of the tree of a version is not what its name or its place says.',
    FROM_CONTENT,
  ),
  entries_differ: damage(
    'The index of entries is not what the trees of the versions hold.',
    repairable('made again from the trees'),
  ),
  document_missing: damage('A document that a base holds is not in the blob store.', DOCUMENT),
  document_size: damage('A document in the blob store has another size than its base says.', DOCUMENT),
  document_digest: damage('A document in the blob store does not hash to its name.', DOCUMENT),
  words_differ: damage(
    'The words that a document is found by are not those it has.',
    repairable('counted again in the document'),
  ),
  erasure_differs: damage(
    'An erasure is not on record as its event says.',
    repairable('recorded again from its event'),
  ),
  erasure_without_event: damage('No event tells of this erasure.', EVENT),
  erasure_undone: damage('Content that was erased is there again.', repairable('destroyed again')),
  erasure_pending: note('Erased content waits to be destroyed.', 'start the registry: it destroys it'),
  // Pointers
  pointer_differs: damage(
    'The pointer of a base is not where its last move left it, or its versions are counted wrong.',
    repairable('set to where its last move and its last version left it'),
  ),
  pointer_move_differs: damage(
    'A move of a pointer is not what its event says, or does not follow from the one before it.',
    ROW,
  ),
  pointer_move_without_event: damage('No event made this move of a pointer.', EVENT),
  pointer_move_missing: damage('A move of a pointer is not there.', ROW),
  // Contributions
  contribution_differs: damage(
    'A contribution does not stand as its last event, its revision and the version that came of it say.',
    ROW,
  ),
  revision_differs: damage('A revision is not what its digest or its event says.', ROW),
  revision_missing: damage('An event tells of a revision that is not there.', ROW),
  judgement_differs: damage('A verdict, a result or a decision is not what its event says.', ROW),
  judgement_missing: damage('An event tells of a verdict, a result or a decision that is not there.', ROW),
  // Where events about bases are found
  event_index_differs: damage(
    'An event about a base is not found by what it says.',
    repairable('written again from the event'),
  ),
  retrieval_differs: damage('A retrieval is not kept as its event says.', ROW),
} as const satisfies Readonly<Record<string, Entry>>;

export type FindingCode = keyof typeof FINDINGS;

export interface Evidence {
  readonly expected?: unknown;
  readonly found?: unknown;
}

export interface Finding extends Evidence {
  readonly code: FindingCode;
  /** A name, a position or the key of an object. */
  readonly about: string;
}

export const entryOf = (code: FindingCode): Entry => FINDINGS[code];

/** A finding as it is shown: what it means and what to do about it stand beside it. */
export interface DescribedFinding extends Finding {
  readonly severity: Entry['severity'];
  readonly sentence: string;
  readonly plan: Plan;
}

export const describeFinding = (finding: Finding): DescribedFinding => ({
  ...finding,
  ...entryOf(finding.code),
});
