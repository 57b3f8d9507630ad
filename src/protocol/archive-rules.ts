// The rules that each entry of a pack's archive keeps, and that all of them keep together. Pure.
import { fileKey, openNameRegister, readEntryName } from './archive-names.ts';
import { refuseArchive } from './archive-refusal.ts';
import type { FaultCode, Violation } from './faults.ts';
import type { TarHeader } from './tar-header.ts';

export interface EntryCaps {
  /** Entries in the archive; files and directories that it makes. */
  readonly maxEntries: number;
  readonly maxEntryBytes: number;
  readonly maxManifestBytes: number;
}

export const MANIFEST_PATH = 'pack.json';
// OpenWOP's verifiers also take this one for the manifest, so an archive with both would say two things.
const WRAPPED_MANIFEST_PATH = 'package/pack.json';
/** Where an installer records what it placed; a pack that brought its own would vouch for itself. */
export const INSTALL_RECORD_PATH = '.attestry.json';

/** More are never listed: an answer has to stay readable, and small. */
const MAX_VIOLATIONS = 100;

export interface EntryRules {
  /** Judges an entry by its header; gives its path. */
  readonly admit: (header: TarHeader) => string;
  /** To be asked once the archive was read to its end. */
  readonly conclude: () => void;
  /** What was found so far, in the order of the archive. */
  readonly violations: () => readonly Violation[];
}

const RECORD_KEY = fileKey(INSTALL_RECORD_PATH);
const WRAPPED_MANIFEST_KEY = fileKey(WRAPPED_MANIFEST_PATH);

/** What the name claims to be, where that is not for a pack's file to say. */
const claimOf = (path: string): string | undefined => {
  const key = fileKey(path);
  if (key === RECORD_KEY || key.startsWith(`${RECORD_KEY}/`))
    return `An installer keeps its own record at ${INSTALL_RECORD_PATH}.`;
  if (key === WRAPPED_MANIFEST_KEY)
    return 'Some readers take this file for the manifest, which is pack.json.';
  return undefined;
};

export const openEntryRules = (caps: EntryCaps): EntryRules => {
  const names = openNameRegister();
  const found: Violation[] = [];
  let entries = 0;
  let manifests = 0;

  const note = (code: FaultCode, where: string, message: string): void => {
    if (found.length === MAX_VIOLATIONS)
      refuseArchive(code, `The archive breaks more than ${MAX_VIOLATIONS} rules; the rest was not read.`);
    found.push({ code, where, message });
  };

  const requireFewEntries = (): void => {
    if (Math.max(entries, names.size()) > caps.maxEntries)
      refuseArchive('tarball_too_large', `The archive has more than ${caps.maxEntries} files and folders.`);
  };

  const judgeName = ({ name, type }: TarHeader): string => {
    const { path, problem } = readEntryName(name, type === 'directory');
    if (problem !== undefined) note('tarball_path_traversal', name, problem);
    const clash = path === '' ? undefined : names.add(path, type === 'directory');
    if (clash !== undefined) note('tarball_tar_parse_failed', name, clash);
    const claim = claimOf(path);
    if (claim !== undefined) note('tarball_tar_parse_failed', name, claim);
    return path;
  };

  const judgeSize = ({ name, size }: TarHeader, path: string): void => {
    if (path === MANIFEST_PATH) {
      if (size > caps.maxManifestBytes)
        note('tarball_manifest_too_large', name, `pack.json has more than ${caps.maxManifestBytes} bytes.`);
    } else if (size > caps.maxEntryBytes) {
      note('tarball_entry_too_large', name, `The file has more than ${caps.maxEntryBytes} bytes.`);
    }
  };

  const admit = (header: TarHeader): string => {
    entries += 1;
    requireFewEntries();
    for (const { code, message } of header.problems) note(code, header.name, message);
    if (header.type === 'extension') return header.name;
    const path = judgeName(header);
    requireFewEntries();
    judgeSize(header, path);
    if (path === MANIFEST_PATH && header.type === 'file') manifests += 1;
    return path;
  };

  const conclude = (): void => {
    if (manifests === 0)
      note('tarball_manifest_missing', '', 'There is no pack.json at the root of the archive.');
  };

  return { admit, conclude, violations: () => found };
};
