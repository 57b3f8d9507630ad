// What a host can do about a refusal where its evidence tells more than its code. Pure.
import { BUNDLE_FORMAT, LOCK_BUNDLE_FORMAT } from '../client/bundle-formats.ts';
import type { RefusalCode } from '../client/index.ts';
import type { Details } from './evidence.ts';

interface PreciseCure {
  readonly codes: readonly RefusalCode[];
  readonly fits: (details: Details) => boolean;
  readonly cure: (details: Details) => string;
}

/** What is exported to a folder promises nothing that files cannot keep. */
const PLAIN_FILES =
  'Files that a web server serves have none: ask the registry that they were exported from, or its operator.';

const CURES: readonly PreciseCure[] = [
  {
    codes: ['trust_documents_missing'],
    fits: ({ seen }) => seen === null,
    cure: () => PLAIN_FILES,
  },
  {
    codes: ['checkpoint_missing'],
    fits: ({ offered }) => offered === false,
    cure: () => PLAIN_FILES,
  },
  {
    codes: ['pack_integrity_mismatch', 'pack_signature_invalid'],
    fits: ({ where }) => where === 'lockfile',
    cure: () =>
      'Compare the lockfile with the one that you know to be right: somebody changed it, or the registry had other bytes when it was written. Only if the registry is right, write it anew: attestry lock',
  },
  {
    codes: ['bundle_unreadable'],
    fits: ({ found }) => found === BUNDLE_FORMAT,
    cure: () =>
      'Check it with "attestry verify --bundle FILE"; what can be installed is made by "attestry bundle --lock pack-lock.json".',
  },
  {
    codes: ['bundle_unreadable'],
    fits: ({ found }) => found === LOCK_BUNDLE_FORMAT,
    cure: () => 'Install it: attestry install --bundle FILE --root ROOT --dir DIR',
  },
  {
    codes: ['pack_dependency_conflict'],
    fits: ({ override }) => override !== undefined,
    cure: ({ name, override }) =>
      `Ask for it yourself as well, with ${name}@${override} before --override, or override it with a version that one of those admits.`,
  },
  {
    codes: ['pack_not_found', 'no_version_satisfies', 'pack_dependency_conflict'],
    fits: ({ asOf }) => asOf !== undefined,
    cure: () => 'Name a later state of the log with --at, or leave it out to choose as of today.',
  },
  {
    codes: ['keyring_signature'],
    fits: ({ state }) => state !== undefined,
    cure: ({ state }) =>
      `Ask again, over another network if you can, and ask the operator of the registry. One that was set up anew at that address looks like this too: only if you know that it was, remove ${state}.`,
  },
];

/** Undefined where the evidence says no more than the code. */
export const preciseCure = (code: RefusalCode, details: Details): string | undefined =>
  CURES.find(({ codes, fits }) => codes.includes(code) && fits(details))?.cure(details);
