// Which names a pack's archive may hold, alone and beside one another. Pure.

export interface EntryName {
  /** As written, without leading `./` and, for directories, trailing slash. Empty for the root itself. */
  readonly path: string;
  /** Why the name may lead out of the pack, or be read in two ways. */
  readonly problem?: string;
}

const DEVICE = /(?:^|\/)(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9\u00b9\u00b2\u00b3]) *(?=[./]|$)/i;

/** The first that applies is told. `(?:^|\/)` and `(?=\/|$)` stand around one segment. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/\p{Control}/u, 'The name holds a control character.'],
  [/[\p{Surrogate}\p{Noncharacter_Code_Point}]/u, 'The name holds a lone surrogate or a noncharacter.'],
  // Case-blind file systems leave these out of a name before they compare it, and no reader sees them.
  [
    /[\p{Format}\p{Line_Separator}\p{Paragraph_Separator}\p{Default_Ignorable_Code_Point}]/u,
    'The name holds an invisible character.',
  ],
  [/\\/, 'The name holds a backslash; names use forward slashes.'],
  [/^\//, 'The name is absolute.'],
  [/^[a-zA-Z]:/, 'The name starts with a drive letter.'],
  [/[<>:"|?*]/, 'The name holds one of the characters <>:"|?*, which Windows does not take.'],
  [/(?:^|\/)\.\.(?=\/|$)/, 'The name holds a ".." segment.'],
  [/(?:^|\/)\.(?=\/|$)/, 'The name holds a "." segment.'],
  [/(?:^|\/)(?=\/|$)/, 'The name holds an empty segment.'],
  // Windows leaves both out of a name, and would write two files into one.
  [/[.\p{Space_Separator}](?=\/|$)/u, 'A segment of the name ends in a dot or a space.'],
  [/(?:^|\/)\p{Space_Separator}/u, 'A segment of the name begins with a space.'],
  [DEVICE, 'A segment of the name is a device on Windows.'],
  // Windows gives "longer.json" the second name LONGER~1.JSO, and who writes there writes into the first.
  [
    /(?:^|\/)(?=[^./]{3,8}(?:[./]|$))[^./]+~[0-9]+(?:\.[^./]{1,3})?(?=\/|$)/,
    'A segment of the name is a short name, as Windows gives to longer ones.',
  ],
];

/** Nearly every name, and only a device among them breaks a rule. */
const PLAIN = /^[\w-]+(?:[./][\w-]+)*$/;

const problemOf = (path: string): string | undefined => {
  if (PLAIN.test(path) && !DEVICE.test(path)) return undefined;
  const broken = RULES.find(([pattern]) => pattern.test(path));
  if (broken !== undefined) return broken[1];
  return path === path.normalize('NFC') ? undefined : 'The name is not in Unicode normal form C.';
};

/** Reads the name of an entry as it stands in the archive. */
export const readEntryName = (name: string, directory: boolean): EntryName => {
  if (directory && (name === '.' || name === './')) return { path: '' };
  const bare = directory && name.endsWith('/') ? name.slice(0, -1) : name;
  const path = bare.startsWith('./') ? bare.slice(2) : bare;
  const problem = problemOf(path);
  return problem === undefined ? { path } : { path, problem };
};

const ASCII = /^[\0-\x7f]*$/;

/**
 * What names become where the file system ignores case and spelling: two with the same key are one name somewhere.
 * Down before up, so that both the small and the capital sharp s meet SS; up at the end, where a letter has one form
 * whatever stands beside it.
 */
export const fileKey = (path: string): string =>
  ASCII.test(path) ? path.toUpperCase() : path.normalize('NFD').toLowerCase().toUpperCase().normalize('NFD');

/** `implied`: a directory that so far is only part of other names. */
type Holder = 'file' | 'directory' | 'implied';

interface Taken {
  readonly path: string;
  readonly holder: Holder;
}

export interface NameRegister {
  /** Enters a name; says what it clashes with, if anything. */
  readonly add: (path: string, directory: boolean) => string | undefined;
  /** How many files and directories an installer would make. */
  readonly size: () => number;
}

const clashOf = (before: Taken, path: string, holder: Holder): string | undefined => {
  if (before.path !== path) return `It differs from ${before.path} only in case or spelling.`;
  if ((before.holder === 'file') !== (holder === 'file')) return 'It is both a file and a directory.';
  if (before.holder === holder && holder !== 'implied') return 'The name stands in the archive twice.';
  return undefined;
};

export const openNameRegister = (): NameRegister => {
  const taken = new Map<string, Taken>();
  const enter = (path: string, holder: Holder): string | undefined => {
    const key = fileKey(path);
    const before = taken.get(key);
    if (before === undefined || (before.holder === 'implied' && holder === 'directory'))
      taken.set(key, { path: before?.path ?? path, holder });
    return before === undefined ? undefined : clashOf(before, path, holder);
  };
  /** A parent that is known has known parents, so the way up ends at the first of them. */
  const enterParents = (path: string): string | undefined => {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const size = taken.size;
      const clash = enter(path.slice(0, end), 'implied');
      if (clash !== undefined) return `Its folder ${path.slice(0, end)}: ${clash}`;
      if (taken.size === size) return undefined;
    }
    return undefined;
  };
  return {
    add: (path, directory) => enter(path, directory ? 'directory' : 'file') ?? enterParents(path),
    size: () => taken.size,
  };
};
