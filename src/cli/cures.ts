// What somebody whose request was refused can do about it, by the code of the fault. Pure.
import type { RefusalCode } from '../client/index.ts';
import type { FaultCode } from '../protocol/faults.ts';

/** Codes under which other registries, and the v2 tree of ours, name the same faults. */
type WireCode = 'pack_signature_invalid' | 'version_conflict';

const SIGN_AGAIN =
  'Pack it again with a key that "attestry keys list" shows for its name; "attestry keys add" adds one.';
const NEXT_VERSION = 'Published bytes never change: raise "version" in pack.json and pack again.';
const SMALLER = 'Leave out what the pack does not need when it runs, such as sources, tests and pictures.';

const BY_CODE: Readonly<Partial<Record<FaultCode | WireCode, string>>> = {
  invalid_pack_name: 'Give it a name of three parts, as in vendor.acme.tools.',
  invalid_version: 'Write "version" in pack.json as in 1.2.3.',
  pack_namespace_unauthorized:
    'Claim the namespace with "attestry namespace claim", or ask whoever holds it: "attestry namespace list".',
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
  conflict: NEXT_VERSION,
  version_conflict: NEXT_VERSION,
};

const BY_STATUS: Readonly<Record<number, string>> = {
  401: 'Give a valid token: --token-file FILE, or ATTESTRY_TOKEN in the environment.',
  403: 'Ask the operator for a token with that scope and namespace.',
  503: 'The registry is busy; try again in a moment.',
};

const ofCode = (code: string): string | undefined =>
  Object.hasOwn(BY_CODE, code) ? BY_CODE[code as FaultCode] : undefined;

/** The cures of the codes that are known, each once; where none is, the one that the status suggests. */
export const curesOf = (codes: readonly string[], status?: number): readonly string[] => {
  const known = new Set(codes.flatMap((code) => ofCode(code) ?? []));
  if (known.size > 0) return [...known];
  const general = status === undefined ? undefined : BY_STATUS[status];
  return general === undefined ? [] : [general];
};

const ANOTHER_WAY =
  'Ask the registry over another network, and show its operator and others what was saved: both notes are signed.';
const NEWER_LIST = 'Ask again later; if that stays so, its operator has to issue it anew.';

/** What a host can do about a refusal, where there is more to do than not to use the pack. */
const OF_REFUSAL: Readonly<Partial<Record<RefusalCode, string>>> = {
  keyring_expired: NEWER_LIST,
  withdrawals_expired: NEWER_LIST,
  checkpoint_behind: 'Ask again in a moment: a cache on the way may hold an older head of the log.',
  checkpoint_rollback: ANOTHER_WAY,
  log_fork: ANOTHER_WAY,
  log_unprovable: ANOTHER_WAY,
  statement_missing:
    'Ask the publisher for a release statement ("attestry pack" makes one), or do not require it.',
  assurance_too_low: 'Take another version, or ask for less with --require.',
  bundle_incomplete: 'Make the bundle anew with "attestry bundle"; it holds what its own version needs.',
  bundle_unreadable: 'Make the bundle anew with "attestry bundle".',
};

/** `bundledAt`: when the bundle was made that has expired since; offline only its own time can be asked about. */
export const cureOfRefusal = (code: RefusalCode, bundledAt: unknown): string | undefined =>
  bundledAt === undefined
    ? OF_REFUSAL[code]
    : `Check it as of when it was made with --at ${String(bundledAt)}, or make a new one.`;
