// The rooms of the house and which way imports run between them.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ROOT, type SourceFile, sourceFiles } from './world/source.ts';

const files = sourceFiles();
const byPath = new Map(files.map((file) => [file.path, file]));

/** The room a file stands in; files directly under src/ are rooms of their own. */
const roomOf = (path: string): string => {
  const [top = '', second = ''] = path.split('/');
  return top === 'src' ? second.replace(/\.(ts|mjs|cjs)$/, '') : top;
};

const SERVER_ROOMS = [
  'upkeep',
  'access',
  'http',
  'transparency',
  'packs',
  'knowledge',
  'mirror',
  'web',
  'mcp',
  'database',
];
const DOMAIN = ['access', 'transparency', 'http', 'database', 'protocol', 'keys', 'storage'];

/** What each room may import from; the whole map of the house. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  main: ['compose', 'config', 'upkeep'],
  compose: ['config', 'chores', ...DOMAIN, 'packs', 'knowledge', 'mirror', 'web', 'mcp'],
  // What operators do to a registry that may be standing still: like compose, it may reach into every domain.
  upkeep: ['config', ...DOMAIN, 'packs', 'knowledge'],
  config: ['protocol', 'keys', 'storage'],
  chores: ['transparency', 'access', 'database'],
  web: ['packs', 'knowledge', 'client', 'protocol'],
  mcp: ['knowledge', 'packs', 'access', 'protocol'],
  packs: DOMAIN,
  // Verifies what other registries publish, with the library that clients verify with.
  mirror: ['client', 'network', 'packs', ...DOMAIN],
  knowledge: DOMAIN,
  transparency: ['http', 'database', 'protocol', 'keys', 'storage'],
  access: ['http', 'network', 'database', 'protocol', 'keys'],
  http: ['protocol', 'keys', 'storage'],
  cli: ['client', 'network', 'protocol', 'keys', 'storage', 'main'],
  client: ['network', 'protocol', 'keys', 'storage'],
  // How others are asked: bounded, and at public addresses only.
  network: [],
  database: [],
  protocol: ['keys', 'storage'],
  keys: [],
  storage: [],
};

/** The parts of a room: each imports only from itself and from those behind it; what wires them stands above. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  knowledge: [
    'archive',
    'retrieve',
    'accept',
    'review',
    'audit',
    'contributions',
    'versions',
    'documents',
    'bases',
    'calls',
    'events',
  ],
  packs: [
    'testing',
    'keychain',
    'advisories',
    'derived',
    'compat',
    'discover',
    'read',
    'publish',
    'lifecycle',
  ],
};

const forbiddenImports = (file: SourceFile): string[] => {
  const room = roomOf(file.path);
  const allowed = new Set([room, ...(MAY_IMPORT[room] ?? [])]);
  return file.imports
    .filter((target) => !allowed.has(roomOf(target)))
    .map((target) => `${file.path} → ${target}`);
};

/** Everything that following `next` from a file leads to, itself left out. */
const closure = (start: SourceFile, next: (file: SourceFile) => Iterable<string>): Set<string> => {
  const seen = new Set<string>();
  const todo = [...next(start)];
  for (let path = todo.pop(); path !== undefined; path = todo.pop()) {
    const file = byPath.get(path);
    if (file === undefined || seen.has(path)) continue;
    seen.add(path);
    todo.push(...next(file));
  }
  return seen;
};

const reach = (start: SourceFile): Set<string> => closure(start, (file) => file.imports);

const reachAtRuntime = (start: SourceFile): SourceFile[] =>
  [...closure(start, (file) => file.atRuntime)].flatMap((path) => byPath.get(path) ?? []);

/** All that is loaded together with a file: files of ours, packages, and the file itself. */
const loadedWith = (path: string): ReadonlySet<string> => {
  const files = [path, ...closure(fileAt(path), (file) => file.atOnce)];
  return new Set(files.flatMap((each) => [each, ...fileAt(each).atOnce]));
};

const fileAt = (path: string): SourceFile => {
  const file = byPath.get(path);
  if (file === undefined) throw new Error(`there is no ${path}`);
  return file;
};

const isPackage = (name: string): boolean => !byPath.has(name) && !name.startsWith('node:');

const holders = (mark: RegExp, allowed: (path: string) => boolean): string[] =>
  files.filter((file) => mark.test(file.text) && !allowed(file.path)).map((file) => file.path);

const importersOf = (name: RegExp, allowed: (path: string) => boolean): string[] =>
  files
    .filter((file) => file.packages.some((each) => name.test(each)) && !allowed(file.path))
    .map((file) => file.path);

const isPure = (file: SourceFile): boolean => /^\/\/.*\bPure\b/i.test(file.text.split('\n', 1)[0] ?? '');

describe('the house', () => {
  it('has the fixed top level and nothing else', () => {
    const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const top = new Set(
      tracked
        .split('\n')
        .filter(Boolean)
        .map((path) => path.split('/')[0] ?? ''),
    );
    const fixed = [
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'src',
      'keys',
      'storage',
      'migrations',
      'openapi',
      'test',
      'README.md',
      'LICENSE',
    ];
    expect([...top].filter((name) => !fixed.includes(name) && !name.startsWith('.'))).toEqual([]);
  });

  it('gives every file a room it knows', () => {
    expect(files.filter((file) => !(roomOf(file.path) in MAY_IMPORT)).map((file) => file.path)).toEqual([]);
  });

  it('lets imports run only the way the map says', () => {
    expect(files.flatMap(forbiddenImports)).toEqual([]);
  });

  it('lets the wire and the protocol take only names and digests from storage, never bytes', () => {
    const allowed = /^storage\/(digest|errors)\.ts$/;
    const leaks = files
      .filter((file) => ['http', 'protocol'].includes(roomOf(file.path)))
      .flatMap((file) => file.imports.filter((path) => roomOf(path) === 'storage' && !allowed.test(path)));
    expect(leaks).toEqual([]);
  });

  it('names what it loads late in plain text, so that these rules see it', () => {
    const computed = files.filter(({ text }) => /\bimport\(\s*[^'\s]/.test(text));
    expect(computed.map(({ path }) => path)).toEqual([]);
  });

  it.each(Object.entries(PARTS))('lets the parts of the room of %s import one way only', (room, order) => {
    const rankOf = (path: string): number => order.indexOf(path.split('/')[2] ?? '');
    const parts = files.filter(({ path }) => path.startsWith(`src/${room}/`) && path.split('/').length > 3);
    expect(parts.filter(({ path }) => rankOf(path) < 0).map(({ path }) => path)).toEqual([]);
    const leaks = parts.flatMap((file) =>
      file.imports
        .filter((target) => target.startsWith(`src/${room}/`) && rankOf(target) < rankOf(file.path))
        .filter((target) => target.split('/').length > 3)
        .map((target) => `${file.path} → ${target}`),
    );
    expect(leaks).toEqual([]);
  });

  it('has no import circle', () => {
    expect(files.filter((file) => reach(file).has(file.path)).map((file) => file.path)).toEqual([]);
  });

  it('keeps the verifying client away from every server room', () => {
    const leaks = files
      .filter((file) => ['client'].includes(roomOf(file.path)))
      .flatMap((file) =>
        [...reach(file)]
          .filter((path) => SERVER_ROOMS.includes(roomOf(path)))
          .map((path) => `${file.path} → ${path}`),
      );
    expect(leaks).toEqual([]);
  });

  it('lets the command line reach the server only by starting it, and its upkeep only through the same door', () => {
    const throughMain = /^src\/cli\/(serve|fsck|gc|backup|restore)\.ts$/;
    const leaks = files
      .filter((file) => roomOf(file.path) === 'cli')
      .flatMap((file) =>
        file.imports.filter(
          (path) =>
            SERVER_ROOMS.includes(roomOf(path)) || (roomOf(path) === 'main' && !throughMain.test(file.path)),
        ),
      );
    expect(leaks).toEqual([]);
  });

  it('keeps files that call themselves pure away from stores, clocks, transports and connections', () => {
    const impureModule =
      /^node:(fs|net|http|https|tls|dns|child_process|worker_threads)|^(koa|postgres|pino|@koa\/|@aws-sdk\/)/;
    const impureText =
      /\bDate\.now\(|new Date\(\)|\bfetch\(|\bsetTimeout\(|\bMath\.random\(|randomBytes\(|randomUUID\(/;
    const reachesWorld = (file: SourceFile): string[] =>
      [file, ...reachAtRuntime(file)]
        .filter((each) => [...each.atRuntime].some((name) => impureModule.test(name)))
        .map((each) => `${file.path} reaches ${each.path}`);
    const leaks = files
      .filter(isPure)
      .flatMap((file) => [
        ...reachesWorld(file),
        ...(impureText.test(file.text) ? [`${file.path} reads the world`] : []),
      ]);
    expect(leaks).toEqual([]);
  });

  it('keeps the leaves of a domain apart: policy, store and routes never import one another sideways', () => {
    const leaf = (path: string) => /\/(policy|[a-z-]*-store)\.ts$/.test(path);
    const leaks = files
      .filter((file) => leaf(file.path) && roomOf(file.path) !== 'storage')
      .flatMap((file) =>
        file.imports
          .filter((path) => roomOf(path) === roomOf(file.path) && (leaf(path) || /\/routes\.ts$/.test(path)))
          .map((path) => `${file.path} → ${path}`),
      );
    expect(leaks).toEqual([]);
  });
});

describe('a start of the command line', () => {
  const start = [...loadedWith('src/cli/main.ts')];
  /** The files that do something, which the words of commands name as what is loaded when they run. */
  const works = files
    .filter(({ path }) => path.startsWith('src/cli/commands/'))
    .flatMap(({ atRuntime, atOnce }) => [...atRuntime].filter((path) => !atOnce.has(path)));

  it('loads the words of all commands, one package to read them with, and nothing else', () => {
    expect(start.filter(isPackage)).toEqual(['commander']);
    const words = /^src\/cli\/(commands\/[a-z-]+|main|program|terminal)\.ts$/;
    const assurances = ['src/client/assurance.ts', 'src/client/refusal.ts'];
    expect(
      start.filter((path) => byPath.has(path) && !words.test(path) && !assurances.includes(path)),
    ).toEqual([]);
  });

  it('is prepared by what comes with Node alone', () => {
    expect([...loadedWith('src/cli/typescript.mjs')].filter(isPackage)).toEqual([]);
  });

  it.each([
    ['koa', []],
    ['pino', []],
    ['postgres', []],
    ['@aws-sdk/client-s3', []],
    ['ajv/dist/2020.js', ['pack']],
    [
      'tar-stream',
      [
        'bundle',
        'compat',
        'install',
        'lock',
        'log-verify',
        'log-watch',
        'mirror-export-file',
        'outdated',
        'pack',
        'publish',
        'verify',
      ],
    ],
  ])('loads %s only for the work of %j', (name, needing) => {
    const found = new Set(works.filter((path) => loadedWith(path).has(name)));
    expect([...found].map((path) => path.replace(/^src\/cli\/|\.ts$/g, '')).sort()).toEqual(needing);
  });

  it('loads what a command needs of the client, and not all of it', () => {
    expect(works.filter((path) => loadedWith(path).has('src/client/index.ts'))).toEqual([]);
  });

  it('loads little for a key: what makes one', () => {
    expect([...loadedWith('src/cli/keygen.ts')].filter(isPackage).sort()).toEqual([
      '@noble/ed25519',
      '@noble/hashes/sha2.js',
    ]);
  });

  it('loads no server to look after a registry that stands still', () => {
    const upkeep = loadedWith('src/upkeep/upkeep.ts');
    expect(['koa', '@koa/router', 'pino', '@aws-sdk/client-s3'].filter((name) => upkeep.has(name))).toEqual(
      [],
    );
  });
});

describe('one door for each library', () => {
  it('Ed25519 only through keys/ed25519.ts', () => {
    expect(importersOf(/^@noble\/ed25519/, (path) => path === 'keys/ed25519.ts')).toEqual([]);
  });
  it('the S3 SDK only in storage/s3-store.ts', () => {
    expect(importersOf(/^@aws-sdk\//, (path) => path === 'storage/s3-store.ts')).toEqual([]);
  });
  it('tar-stream only in src/protocol/tarball.ts', () => {
    expect(importersOf(/^tar-stream/, (path) => path === 'src/protocol/tarball.ts')).toEqual([]);
  });
  it('SQL only in stores and the database room', () => {
    const sql = /\b(?:sql|tx|db)(?:<[^`]*>)?`/;
    expect(holders(sql, (path) => /-store\.ts$/.test(path) || path.startsWith('src/database/'))).toEqual([]);
  });
  it('the environment only through src/config.ts', () => {
    // The launcher sets what must stand before anything is loaded.
    const allowed = ['src/config.ts', 'src/cli/attestry.cjs'];
    expect(holders(/process\.env/, (path) => allowed.includes(path))).toEqual([]);
  });
});
