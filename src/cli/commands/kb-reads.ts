// The words of "attestry kb" for whoever reads: get, list, search, diff, export, import. All of it is verified.
import type { Command } from 'commander';
import { addAs, addBelief } from './kb-options.ts';
import { wholeNumber } from './text-options.ts';
import { example, later } from './words.ts';

const BASE = 'kb:acme.example:claims:policy-wording';
const REFERENCE = 'kb:…, kb:…@current, or kb:…@<version>, which means the same for ever';
const PINNED = `${BASE}@bafyreifxmzrutfbvjuzytdwuzsdxe5qn6jnl6ymzvajvtdl7jvdcpnyxli`;

const addPage = (command: Command, usual: number): Command =>
  command
    .option('--limit <count>', 'how many at once', wholeNumber, usual)
    .option('--after <place>', 'go on behind this, as the page before said');

const addEntries = (kb: Command): void => {
  example(
    addBelief(
      kb
        .command('get')
        .argument('<base>', REFERENCE)
        .argument('<path>', 'where the document stands')
        .description(
          'read a document, proven from the root key to its bytes; exit code 1 where there is none',
        ),
    ).option('--out <file>', 'write it there; nothing is overwritten'),
    `attestry kb get ${BASE} claims/refunds.md`,
  ).action(later(() => import('../kb/get.ts'), 'get'));
  example(
    addPage(
      addBelief(
        kb
          .command('list')
          .argument('[base]', `${REFERENCE}; without one: which bases there are`)
          .description('list bases, or the documents of one, proven to be all of them'),
      ).option('--prefix <text>', 'only paths that begin like this'),
      100,
    ).option('--all', 'page after page to the end'),
    `attestry kb list ${BASE} --prefix claims/`,
  ).action(later(() => import('../kb/list.ts'), 'list'));
};

const addComparing = (kb: Command): void => {
  example(
    addPage(
      addBelief(
        kb
          .command('search')
          .argument('<base>', REFERENCE)
          .argument('<words...>', 'all of which a document must have')
          .description(
            'find documents by their words; each hit is proven, that there are no others cannot be',
          ),
      ),
      20,
    ).option('--documents', 'fetch each hit and count its words anew'),
    `attestry kb search ${BASE} refunds`,
  ).action(later(() => import('../kb/search.ts'), 'search'));
  example(
    addPage(
      addBelief(
        kb
          .command('diff')
          .argument('<base>', 'the older version: kb:…@<version>')
          .argument('[other]', 'the other version; default: current')
          .description('show what differs between two versions, proven to be all of it'),
      ),
      100,
    ).option('--text', 'show the lines of texts'),
    `attestry kb diff ${PINNED} current --text`,
  ).action(later(() => import('../kb/diff.ts'), 'diff'));
};

const addArchives = (kb: Command): void => {
  example(
    addBelief(
      kb
        .command('export')
        .argument('<base>', REFERENCE)
        .description('take a version out, as an archive (CAR) or as a folder, every byte of it checked'),
    ).requiredOption('--out <place>', 'a new FILE.car, or the name of a new folder'),
    `attestry kb export ${BASE} --out wording.car`,
  ).action(later(() => import('../kb/archive.ts'), 'exportVersion'));
  example(
    addAs(
      kb
        .command('import')
        .argument('<base>', 'the version that the file must be: kb:…@<version>')
        .argument('<file>', 'an archive that "attestry kb export" wrote')
        .description('bring a version back from its archive, into a base that has none yet'),
    ),
    `attestry kb import ${PINNED} wording.car`,
  ).action(later(() => import('../kb/archive.ts'), 'importVersion'));
};

export const addReads = (kb: Command): void => {
  addEntries(kb);
  addComparing(kb);
  addArchives(kb);
};
