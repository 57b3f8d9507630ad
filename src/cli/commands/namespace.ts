// The words of "attestry namespace".
import { type Command, Option } from 'commander';
import { listed } from './text-options.ts';
import { example, later } from './words.ts';

const work = () => import('../namespace.ts');
const NAMESPACE = 'the first two parts of a pack name, as in vendor.acme';
const KEEP = 'keys of those before that may go on signing there, separated by commas';

const addClaims = (namespace: Command): void => {
  example(
    namespace
      .command('claim')
      .argument('<namespace>', NAMESPACE)
      .description('take a namespace that nobody holds')
      .option('--account <name>', 'for another account (operators)'),
    'attestry namespace claim vendor.acme',
  ).action(later(work, 'claim'));
  example(
    namespace.command('list').description('list who holds which namespace, what is offered and held back'),
    'attestry namespace list',
  ).action(later(work, 'list'));
};

const addTransfers = (namespace: Command): void => {
  example(
    namespace
      .command('offer')
      .argument('<namespace>', NAMESPACE)
      .description('offer a namespace to another account, for seven days')
      .requiredOption('--account <name>', 'to whom'),
    'attestry namespace offer vendor.acme --account acme-labs',
  ).action(later(work, 'offer'));
  example(
    namespace
      .command('withdraw-offer')
      .argument('<namespace>', NAMESPACE)
      .description('take an offer back, or decline it'),
    'attestry namespace withdraw-offer vendor.acme',
  ).action(later(work, 'withdrawOffer'));
  example(
    namespace
      .command('accept')
      .argument('<namespace>', NAMESPACE)
      .description('take a namespace that is offered to you')
      .option('--keep-keys <ids>', KEEP, listed),
    'attestry namespace accept vendor.acme --keep-keys acme-1',
  ).action(later(work, 'accept'));
  example(
    namespace
      .command('transfer')
      .argument('<namespace>', NAMESPACE)
      .description('hand a namespace over at once (operators)')
      .requiredOption('--account <name>', 'to whom')
      .requiredOption('--reason <text>', 'why, for everybody to read')
      .option('--keep-keys <ids>', KEEP, listed),
    'attestry namespace transfer vendor.acme --account acme-labs --reason "the companies merged"',
  ).action(later(work, 'transfer'));
};

const addProof = (namespace: Command): void => {
  example(
    namespace
      .command('prove')
      .argument('<namespace>', NAMESPACE)
      .description('have a domain stand for a vendor')
      .option('--domain <name>', 'a registered domain whose name is that of the vendor')
      .addOption(
        new Option('--method <method>', 'where the domain shows it')
          .choices(['well-known', 'dns'])
          .default('well-known'),
      )
      .option('--check', 'look whether the domain shows what you were told'),
    'attestry namespace prove vendor.acme --domain acme.com --method dns',
  ).action(later(() => import('../namespace-proof.ts'), 'prove'));
};

const addHolds = (namespace: Command): void => {
  const name = 'a namespace, or one word for every scope';
  example(
    namespace
      .command('hold')
      .argument('<name>', name)
      .description('hold a name back, and all that looks like it (operators)')
      .requiredOption('--reason <text>', 'why, for everybody to read'),
    'attestry namespace hold nasa --reason "a well-known name"',
  ).action(later(work, 'hold'));
  example(
    namespace.command('release').argument('<name>', name).description('let a held name go (operators)'),
    'attestry namespace release nasa',
  ).action(later(work, 'release'));
};

export const addNamespace = (program: Command): void => {
  const namespace = program
    .command('namespace')
    .description('claim, prove, hand over and list namespaces')
    .helpGroup('Publishers:');
  example(namespace, 'attestry namespace claim vendor.acme');
  for (const add of [addClaims, addTransfers, addProof, addHolds]) add(namespace);
};
