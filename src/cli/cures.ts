// What somebody whose request was refused can do about it, by the code of the fault. Pure.
import type { RefusalCode } from '../client/index.ts';
import type { FaultCode } from '../protocol/faults.ts';
import type { Details } from './evidence.ts';
import { preciseCure } from './precise-cures.ts';

/** Codes under which other registries, and the v2 tree of ours, name the same faults. */
type WireCode = 'pack_signature_invalid' | 'version_conflict';

const SIGN_AGAIN =
  'Sign it again with a key that "attestry keys list" shows for its name; "attestry keys add" adds one.';
const NEXT_VERSION = 'Published bytes never change: raise "version" in pack.json and pack again.';
const SMALLER = 'Leave out what the pack does not need when it runs, such as sources, tests and pictures.';

const BY_CODE: Readonly<Partial<Record<FaultCode | WireCode, string>>> = {
  invalid_pack_name: 'Give it a name of three parts, as in vendor.acme.tools.',
  invalid_version: 'Write "version" in pack.json as in 1.2.3.',
  pack_namespace_unauthorized:
    'Claim the namespace with "attestry namespace claim", or ask whoever holds it: "attestry namespace list".',
  namespace_held: 'Ask the operator for it, or claim a name that is less like it.',
  domain_unproven: 'See what the domain has to show: attestry namespace prove NAMESPACE --domain DOMAIN',
  upload_too_large: SMALLER,
  tarball_too_large: SMALLER,
  tarball_entry_too_large: SMALLER,
  tarball_gunzip_failed: 'Publish the file that "attestry pack" wrote.',
  tarball_manifest_missing: 'Put pack.json at the top of the folder and pack it again.',
  tarball_manifest_too_large: 'Move schemas and long texts out of pack.json into files of their own.',
  tarball_manifest_not_json: 'Correct pack.json: no comments, no comma before a bracket, no key twice.',
  tarball_entry_missing: 'Add the file, or correct runtime.entry in pack.json.',
  schema_ref_missing: 'Add the file, or correct the reference to it in pack.json.',
  connection_pack_credential_material:
    'Take the credential out, and replace it where it is in use: somebody may have seen it.',
  connection_pack_invalid_api_host: 'Write hosts as in api.example.com, without scheme, port and path.',
  pack_engine_unsupported: 'Widen engines.openwop in pack.json, as in ">=1.0.0 <3.0.0".',
  pack_integrity_failure: 'The bytes changed on their way: publish the file again.',
  signature_required: 'Sign it: attestry pack FOLDER --key KEY.pem',
  signature_invalid: SIGN_AGAIN,
  pack_signature_invalid: SIGN_AGAIN,
  statement_invalid:
    'Pack it again, which writes a statement that fits; or publish it without one: --no-statement',
  pack_not_found: 'Check the name, and with --url the registry; the token must reach private packs.',
  pack_version_not_found: 'Check the version, and with --url the registry.',
  advisory_active: 'See "attestry advisory list"; whoever published it may change or withdraw it.',
  key_revoked_version: 'Raise "version" in pack.json, then pack it with another key and publish that.',
  advisory_not_found: 'See which are in force: attestry advisory list',
  advisory_withdrawn: 'Publish a new one: attestry advisory publish',
  principal_required:
    'Say who acts: --as PRINCIPAL; "attestry workforce list" shows workforces, "attestry kb setup" makes a first one.',
  authority_denied:
    'Ask the steward of the workforce for a role that grants it: "attestry workforce role", then "attestry workforce reassign".',
  human_binding_missing: 'Ask the steward to bind you: attestry workforce bind HUMAN --capacity reviewer',
  self_review_forbidden:
    'Let another account decide that stands behind neither the proposal nor its agent; or, to try it alone: attestry kb policy BASE --set allow_self_review=true',
  contribution_closed: 'Only its steward changes this base; "attestry kb policy" shows its rules.',
  knowledge_base_not_found: 'Check the name; "attestry kb list" shows the bases of your role.',
  contribution_not_found: 'Check the id; "attestry kb review" lists what waits for you.',
  version_not_found: 'Check the version; "attestry kb versions" lists them.',
  knowledge_base_paused: 'Wait, or have it go on: attestry kb resume BASE',
  knowledge_base_held: 'Wait, or end the hold: attestry kb release BASE',
  base_version_conflict: 'Make it anew from what is current: attestry kb revise CONTRIBUTION SOURCE',
  base_busy: 'Send it again.',
  pointer_conflict: 'Look at "attestry kb history" and send it again if it still holds.',
  invalid_transition: 'Look at it again: attestry kb review CONTRIBUTION',
  verdict_blocks_acceptance:
    'Have its verifier look again ("attestry kb verdict"), or have it revised; nobody can override it.',
  criteria_unmet: 'Have it revised until its criteria are met: attestry kb revise',
  evaluation_missing: 'Record the evaluations that the policy asks for: attestry kb eval',
  human_review_required: 'Have a human accept it: attestry kb accept',
  quorum_not_met: 'Have others approve it first: attestry kb approve',
  signature_missing:
    'Sign the decision: --key KEY.pem; the registry learns its public half once from "attestry workforce key PRINCIPAL KEY.pub".',
  revision_limit_exceeded: 'Withdraw it and propose anew, or have it rejected.',
  no_change: 'There is nothing to do.',
  contribution_invalid: 'Correct what is named, and send it again.',
  policy_invalid: 'Correct what is named; "attestry kb policy BASE" shows the rules in force.',
  legal_hold: 'Lift the hold first, if you may.',
  audit_unavailable: 'Ask again in a moment; nothing was given out.',
  conflict: NEXT_VERSION,
  key_not_found: '"attestry keys list" shows the keys; only whoever listed one lets another follow it.',
  key_not_active: 'List the new key with "attestry keys add" instead.',
  rotation_proof_invalid: 'Let "attestry keys rotate" make the proof, with the private key of the old key.',
  unpublish_window_expired: 'Yank it instead: attestry yank NAME@VERSION --reason TEXT',
  version_conflict: NEXT_VERSION,
};

const BY_STATUS: Readonly<Record<number, string>> = {
  401: 'Give a valid token: --token-file FILE, or ATTESTRY_TOKEN in the environment.',
  403: 'Ask the operator for a token with that scope and namespace.',
  503: 'The registry is busy; try again in a moment.',
};

const ofCode = (code: string): string | undefined =>
  Object.hasOwn(BY_CODE, code) ? BY_CODE[code as FaultCode] : undefined;

/** Where the same code stands for several things, its details tell which. */
const OF_DETAILS: readonly {
  readonly code: FaultCode | WireCode;
  readonly fits: (details: Details) => boolean;
  readonly cure: string;
}[] = [
  {
    code: 'signature_invalid',
    fits: ({ reason, keyIds }) => reason === 'key_unknown' && Array.isArray(keyIds),
    cure: 'List it under the very id in keyIds, once and for all: attestry keys add --key-id ID --public ID.pub --namespaces …; the registry that signed serves it as /keys/ID.pub.',
  },
  ...(['signature_invalid', 'pack_signature_invalid'] as const).map((code) => ({
    code,
    fits: ({ rotatedTo }: Details) => rotatedTo !== undefined,
    cure: 'Pack it again with the private key of the one in rotatedTo: attestry pack FOLDER --key KEY.pem',
  })),
  // The v1 tree folds the one into the other.
  ...(['pack_namespace_unauthorized', 'forbidden'] as const).map((code) => ({
    code,
    fits: ({ tokenNamespaces }: Details) => tokenNamespaces !== undefined,
    cure: 'Give another token of the account, one that reaches that namespace: --token-file FILE; "attestry token create" makes one.',
  })),
  {
    code: 'signature_invalid',
    fits: ({ reason, principal }) => reason === 'key_unknown' && principal !== undefined,
    cure: 'Tell it once: attestry workforce key PRINCIPAL KEY.pub',
  },
  {
    code: 'signature_invalid',
    fits: ({ reason, expected }) => reason === 'threshold_not_met' && expected === 1,
    cure: 'Sign it with the key that is known of you; a steward sets another: attestry workforce key PRINCIPAL KEY.pub',
  },
  {
    code: 'forbidden',
    fits: ({ proposer }) => proposer !== undefined,
    cure: 'Ask the proposer to take it back; whoever reviews may reject it: attestry kb reject',
  },
  {
    code: 'no_change',
    fits: ({ revision_digest: digest }) => digest !== undefined,
    cure: 'Change a document first: the same changes are no other revision.',
  },
  {
    code: 'not_found',
    fits: ({ event_id: event }) => event !== undefined,
    cure: 'Check the id; retrievals are listed by: attestry kb events --base BASE --kind CapabilityInvoked',
  },
];

/** Undefined where the details say no more than the code. */
export const cureOfDetails = (code: string, details: Details): string | undefined =>
  OF_DETAILS.find((each) => each.code === code && each.fits(details))?.cure;

/** The cures of the codes that are known, each once; where none is, the one that the status suggests. */
export const curesOf = (codes: readonly string[], status?: number): readonly string[] => {
  const known = new Set(codes.flatMap((code) => ofCode(code) ?? []));
  if (known.size > 0) return [...known];
  const general = status === undefined ? undefined : BY_STATUS[status];
  return general === undefined ? [] : [general];
};

const ASK_LATER = 'Ask again later; if that stays so, its operator has to issue it anew.';
const ASK_OVER =
  'Ask again, over another network if you can; if it stays so, ask the operator of the registry.';
const SHOW_BOTH =
  'Ask the registry over another network, and show its operator and others what was saved: both notes are signed.';
const NOT_A_REGISTRY = 'Check --url: what answers there speaks otherwise than a registry.';
const ANOTHER_VERSION =
  'Do not use this version; take another one, and tell its publisher and the operator of the registry.';
const NEW_SIGNATURE = 'Take a version that another key signed, or ask its publisher to sign it anew.';
const ANEW_BUNDLE = 'Make the bundle anew with "attestry bundle"; it holds what its own version needs.';
const ANEW_INSTALL = 'Remove that pack from the directory and install it again.';
const LYING =
  'Use nothing of it: what was served contradicts itself. Show this to the operator of the registry, and ask again over another network.';
const ASK_ROOT = 'Ask the operator, on another way than this one, which root document is the right one.';

const ANEW_HERE =
  'A registry set up anew at that address looks like this too: only if you know that it was, remove what is remembered of it below ~/.attestry/trust.';

/** What a host can do about a refusal: one sentence for each. */
const OF_REFUSAL: Readonly<Record<RefusalCode, string>> = {
  pack_registry_unreachable: 'Check --url and the network, and ask again in a moment.',
  registry_endpoints_unresolvable: NOT_A_REGISTRY,
  registry_denied: 'Give a valid token: --token-file FILE, or ATTESTRY_TOKEN in the environment.',
  reply_malformed: ASK_OVER,
  reply_too_large: ASK_OVER,
  reply_too_slow: 'Ask again in a moment, over a faster network if you can.',
  reply_encoded: 'Have whatever stands between you and the registry pass its answers on unchanged.',
  redirect_refused:
    'Name the address it redirects to with --url, if you trust that; within your own network: --allow-private-addresses.',
  pack_not_found: 'Check name and version, and with --url the registry; private packs need a token.',
  no_version_satisfies: 'Widen the range, or name one version.',
  pack_dependency_conflict:
    'Ask for other ranges, or have a version that one of them admits count for everybody: attestry lock --override NAME@VERSION',
  pack_dependency_cycle:
    'No versions were found that do without the circle: ask for another range of one of them, and tell its publisher.',
  resolution_gave_up: 'Ask for narrower ranges: exact versions leave nothing to search.',
  pack_lockfile_invalid: 'Write it anew: attestry lock NAME@RANGE',
  pack_lockfile_incomplete: 'Write it anew with all that is needed: attestry lock NAME@RANGE',
  trust_documents_missing: ASK_OVER,
  trust_state_unreadable: 'Restore that file from a backup, or name another one with --state.',
  root_anchor_invalid: ASK_ROOT,
  root_update_invalid: ASK_ROOT,
  root_rollback: ASK_OVER,
  root_fork: ASK_ROOT,
  root_expired: 'Ask the operator to publish a new root, and check the clock of this machine.',
  root_steps: 'Start from a newer root document that you got on a trusted way: --root FILE.',
  keyring_missing: ASK_OVER,
  keyring_signature: `${ASK_OVER} ${ANEW_HERE}`,
  keyring_rollback: ASK_OVER,
  keyring_expired: ASK_LATER,
  checkpoint_missing: ASK_OVER,
  checkpoint_signature: ASK_OVER,
  checkpoint_rollback: SHOW_BOTH,
  checkpoint_behind: 'Ask again in a moment: a cache on the way may hold an older head of the log.',
  log_fork: SHOW_BOTH,
  log_unprovable: SHOW_BOTH,
  log_too_short: 'Name a state that it has had, or a time: attestry lock --at SIZE|TIME',
  proof_missing: 'Ask again in a moment: the log may not have recorded the version yet.',
  proof_malformed: ASK_OVER,
  leaf_not_included: ANOTHER_VERSION,
  leaf_mismatch: ANOTHER_VERSION,
  leaf_digest_mismatch: ANOTHER_VERSION,
  leaf_signature_mismatch: ANOTHER_VERSION,
  withdrawals_missing: ASK_OVER,
  withdrawals_signature: ASK_OVER,
  withdrawals_rollback: ASK_OVER,
  withdrawals_expired: ASK_LATER,
  unsupported_integrity_algorithm: 'Take another version, or ask its registry for a SHA-256 digest.',
  pack_integrity_mismatch: ASK_OVER,
  archive_invalid: ANOTHER_VERSION,
  manifest_identity_mismatch: ANOTHER_VERSION,
  manifest_mismatch: ANOTHER_VERSION,
  pack_signature_unverifiable: 'Take a signed version, or take it as it is with --allow-unsigned.',
  pack_signature_invalid: ANOTHER_VERSION,
  key_unknown: NEW_SIGNATURE,
  key_unusable: NEW_SIGNATURE,
  key_inactive: NEW_SIGNATURE,
  key_revoked: NEW_SIGNATURE,
  key_not_permitted: NEW_SIGNATURE,
  statement_missing:
    'Ask the publisher for a release statement ("attestry pack" makes one), or do not require it.',
  statement_signature: ANOTHER_VERSION,
  statement_invalid: ANOTHER_VERSION,
  statement_mismatch: ANOTHER_VERSION,
  assurance_too_low: 'Take another version, or ask for less with --require.',
  pack_version_unpublished: 'Take another version: this one does not come back.',
  pack_version_yanked: 'Take another version, or name this one exactly if you need it all the same.',
  pack_engine_unsupported: 'Take a version that admits your host, or correct --protocol.',
  policy_refused:
    'Take what the policy admits, or have whoever keeps it change the rule; "attestry policy check" says what it asks for.',
  knowledge_not_found:
    'Check the name, and which principal you are: --as PRINCIPAL; "attestry kb list" shows its bases.',
  knowledge_denied:
    'Ask the steward of the workforce for a role that names this base and this capability: "attestry workforce list".',
  knowledge_unavailable: 'Ask again in a moment; "attestry kb show" says whether the base is paused.',
  content_erased: 'It cannot be had any more; another version may have another document there.',
  version_block_mismatch: LYING,
  version_moved: 'Ask again; or pin a version, which never moves: kb:…@<version>.',
  version_malformed: LYING,
  version_of_another_base: LYING,
  version_signature_invalid: LYING,
  pointer_mismatch: LYING,
  pointer_rollback: LYING,
  pointer_fork: LYING,
  entry_unproven: LYING,
  entry_mismatch: LYING,
  document_mismatch: LYING,
  page_mismatch: LYING,
  hits_mismatch: LYING,
  score_mismatch: LYING,
  difference_mismatch: LYING,
  hash_mismatch: LYING,
  export_mismatch: 'Make the export anew; if it stays so, the file or the registry was tampered with.',
  event_mismatch: LYING,
  bundle_unreadable: ANEW_BUNDLE,
  bundle_incomplete: ANEW_BUNDLE,
  bundle_mismatch: ANEW_BUNDLE,
  export_unreadable:
    'Make it anew with "attestry mirror export --out", and compare its SHA-256 on both sides.',
  export_inconsistent: 'See what disagrees with "attestry log verify --tarballs"; then make the export anew.',
  export_unsettled: 'Run it again at a quieter time.',
  not_installed: 'Install it: attestry install NAME --dir DIR',
  install_target_foreign: 'Move it away, or install into another directory with --dir.',
  install_incomplete: 'See to the disk and install again: what was begun is finished or taken back.',
  install_locked: 'Wait until the other install has ended, and install again.',
  installed_marker_invalid: ANEW_INSTALL,
  installed_file_changed: ANEW_INSTALL,
  installed_file_missing: ANEW_INSTALL,
  installed_file_added: ANEW_INSTALL,
};

const NO_VERSION = 'Check the version; "attestry kb versions BASE" lists them.';
const NOTHING_YET =
  'Nothing was accepted into it yet: "attestry kb review" lists what waits, "attestry kb put" proposes.';

/** `bundledAt`: when the bundle was made that has expired since; offline only its own time can be asked about. */
export const cureOfRefusal = (code: RefusalCode, details: Details): string => {
  const { bundledAt, fault, reason } = details;
  const precise = preciseCure(code, details);
  if (precise !== undefined) return precise;
  if (bundledAt !== undefined)
    return `Check it as of when it was made with --at ${String(bundledAt)}, or make a new one.`;
  if (code === 'knowledge_denied' && fault === 'principal_required')
    return BY_CODE.principal_required ?? OF_REFUSAL[code];
  if (code === 'knowledge_not_found' && fault === 'version_not_found') return NO_VERSION;
  if (code === 'knowledge_not_found' && reason === 'there is no version yet') return NOTHING_YET;
  return OF_REFUSAL[code];
};
