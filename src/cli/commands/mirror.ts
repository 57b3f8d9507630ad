// The words of "attestry mirror".
import type { Command } from 'commander';
import { listed, treesOption } from './text-options.ts';
import { example, later } from './words.ts';

const addAdd = (mirror: Command): void => {
  example(
    mirror
      .command('add')
      .argument('<url>', 'base address of the registry')
      .description('mirror a registry from now on; each version is verified before it is served')
      .option('--namespaces <patterns>', 'only these, as in vendor.acme.*,core.openwop.*', listed)
      .option(
        '--trees <trees>',
        'v1, v2 or both; what is in both is served from the first; default: v1,v2',
        treesOption,
      )
      .option('--once', 'wait for one sync, and show what came of it'),
    'attestry mirror add https://packs.example --namespaces "vendor.acme.*" --once',
  ).action(later(() => import('../mirror.ts'), 'add'));
};

const addList = (mirror: Command): void => {
  example(
    mirror
      .command('list')
      .description('list what is mirrored, and how that goes')
      .option('--flaws', 'what is not served and why, and what upstream says that it must not'),
    'attestry mirror list --flaws',
  ).action(later(() => import('../mirror.ts'), 'list'));
};

const addImport = (mirror: Command): void => {
  example(
    mirror
      .command('import')
      .argument('<file>', 'that "attestry mirror export --out" wrote')
      .description(
        'mirror a registry out of its export: all of it is verified first, and no network is asked',
      )
      .option('--root <file>', 'root document of the registry, handed over on a trusted way')
      .option('--from <url>', 'of which registry it is: has to be said where that keeps no log'),
    'attestry mirror import registry.tar --root root.json',
  ).action(later(() => import('../mirror-import.ts'), 'importExport'));
};

export const addMirror = (program: Command): void => {
  const mirror = program
    .command('mirror')
    .description('serve what other registries publish, byte for byte')
    .helpGroup('Operators:');
  example(mirror, 'attestry mirror add https://packs.example --once');
  addAdd(mirror);
  addList(mirror);
  example(
    mirror
      .command('remove')
      .argument('<url>', 'as it was added')
      .description('mirror a registry no more; what was mirrored stays'),
    'attestry mirror remove https://packs.example',
  ).action(later(() => import('../mirror.ts'), 'remove'));
  example(
    mirror
      .command('sync')
      .argument('[url]', 'as it was added; default: all')
      .description('sync at once and wait for it; with --json one JSON line for each step'),
    'attestry mirror sync https://packs.example',
  ).action(later(() => import('../mirror.ts'), 'sync'));
  example(
    mirror
      .command('export')
      .description('write the registry as one file for where no network is, or as files for any web server')
      .option('--out <file>', 'one file with all that it takes to verify it; nothing is overwritten')
      .option(
        '--dir <folder>',
        'empty, or of an export before: only what changed is written; without log and trust documents',
      )
      .option('--public-url <url>', 'where the files will be served, or how others know the registry')
      .option('--root <file>', 'with --out: root document to start from; default: the one seen first')
      .option('--state <file>', 'with --out: where to remember what was believed'),
    'attestry mirror export --out registry.tar --root root.json',
  ).action(later(() => import('../mirror-export-file.ts'), 'exportRegistry'));
  addImport(mirror);
};
