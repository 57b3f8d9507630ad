// attestry root: the keys on which everything stands, made and changed by hand.
import type { Command } from 'commander';
import { expiresOption, keyFile } from './root-options.ts';
import { listed, wholeNumber } from './text-options.ts';
import { example, later } from './words.ts';

const INIT_EXAMPLE =
  'attestry root init --origin packs.acme.example --threshold 2 --key alice=alice.pub --key bob=bob.pub --key carol=carol.pub --registrar attestry-registrar.pub --log attestry-log.pub --out root.json';
const ROTATE_EXAMPLE =
  'attestry root rotate --from root.json --registrar attestry-registrar-2.pub --out 2.root.json';

const addInit = (root: Command): void => {
  example(
    root
      .command('init')
      .description('write the first root of a registry, from public keys alone')
      .requiredOption('--origin <name>', 'what the registry and its log are called, for ever')
      .requiredOption('--threshold <k>', 'how many of the keys must sign', wholeNumber)
      .requiredOption('--key <name=file>', 'public key of a holder; several times', keyFile)
      .requiredOption('--registrar <name=file>', 'public key of the registrar; may be several', keyFile)
      .option('--registrar-threshold <k>', 'how many of those must sign', wholeNumber, 1)
      .requiredOption('--log <file>', 'public key of the log')
      .addOption(expiresOption())
      .requiredOption('--out <file>', 'where to write it'),
    INIT_EXAMPLE,
  ).action(later(() => import('../root-ceremony.ts'), 'init'));
};

const addRotate = (root: Command): void => {
  example(
    root
      .command('rotate')
      .description('write the root that follows one; what is not named stays')
      .requiredOption('--from <file>', 'the root in force')
      .option('--add-key <name=file>', 'public key of a new holder; several times', keyFile, [])
      .option('--remove-key <ids>', 'keys that no longer count', listed, [])
      .option('--threshold <k>', 'how many of the keys must sign', wholeNumber)
      .option('--registrar <name=file>', 'the new registrar; may be several', keyFile)
      .option('--registrar-threshold <k>', 'how many of those must sign', wholeNumber)
      .option('--log <file>', 'new public key of the log')
      .addOption(expiresOption())
      .requiredOption('--out <file>', 'where to write it'),
    ROTATE_EXAMPLE,
  ).action(later(() => import('../root-ceremony.ts'), 'rotate'));
};

const addSign = (root: Command): void => {
  example(
    root
      .command('sign')
      .argument('<file>', 'the root, as init or rotate wrote it')
      .description('add your signature; needs no network')
      .requiredOption('--key <file>', 'your private key')
      .option('--key-id <id>', 'what the root calls your key; default: found by the key itself')
      .option('--previous <file>', 'the root before it, whose keys must sign as well'),
    'attestry root sign root.json --key alice.pem',
  ).action(later(() => import('../root-ceremony.ts'), 'sign'));
};

export const addRoot = (program: Command): void => {
  const root = program
    .command('root')
    .description('make, sign and publish the root keys of a registry')
    .helpGroup('Operators:');
  example(root, INIT_EXAMPLE);
  addInit(root);
  addRotate(root);
  addSign(root);
  example(
    root
      .command('show')
      .argument('<file-or-url>', 'a file, the address of a registry, or of a root document')
      .description('show a root, who signed it and who is missing')
      .option('--previous <file>', 'the root before it, whose keys must sign as well'),
    'attestry root show 2.root.json --previous root.json',
  ).action(later(() => import('../root-ceremony.ts'), 'show'));
  example(
    root
      .command('publish')
      .argument('<file>', 'a root with all its signatures')
      .description('put a root in force (for the operator)'),
    'attestry root publish 2.root.json',
  ).action(later(() => import('../root-ceremony.ts'), 'publish'));
};
