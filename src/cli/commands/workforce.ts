// The words of "attestry workforce".
import { type Command, Option } from 'commander';
import { each } from './kb-options.ts';
import { instantText, listed } from './text-options.ts';
import { example, later } from './words.ts';

const WORKFORCE = 'workforce:acme.example:claims';
const HUMAN = 'human:acme.example:ada';
const ROLE = 'role:acme.example:writer/v1';

const addRoles = (workforce: Command): void => {
  example(
    workforce
      .command('register')
      .argument('<workforce>', 'workforce:<authority>:<name>')
      .description('register a workforce (operators)')
      .option('--steward <account>', 'the account that staffs it; default: yours'),
    `attestry workforce register ${WORKFORCE} --steward acme`,
  ).action(later(() => import('../workforce/roles.ts'), 'register'));
  example(
    workforce
      .command('role')
      .argument('<role>', 'role:<authority>:<name>/v<n>')
      .description('declare what a role grants; it never changes, another grant is its next version')
      .option('--workforce <workforce>', 'needed where you staff several')
      .option('--base <base>', 'a base it names; several times', each, [])
      .option(
        '--operations <names>',
        'retrieve, propose, review, accept, move_pointer, administer',
        listed,
        [],
      )
      .option('--versions <which>', 'any, current, or versions separated by commas', 'any')
      .option('--file <file>', 'the grant as one JSON object, instead of these'),
    `attestry workforce role ${ROLE} --base kb:acme.example:claims:policy-wording --operations retrieve,propose`,
  ).action(later(() => import('../workforce/roles.ts'), 'role'));
};

const addPrincipals = (workforce: Command): void => {
  example(
    workforce
      .command('principal')
      .argument('<principal>', 'human:<authority>:<name>, or worker:<authority>:<workforce>:<name>')
      .description('let an account act as somebody: a human, or a worker that a human answers for')
      .requiredOption('--account <name>', 'whose tokens act')
      .option('--workforce <workforce>', 'needed for a human where you staff several')
      .option('--role <role>', 'in which role')
      .option('--owner <principal>', 'who answers for a worker')
      .option('--delegated-by <principals>', 'on whose behalf it acts', listed),
    `attestry workforce principal worker:acme.example:claims:scribe --account scribe --role ${ROLE} --owner ${HUMAN}`,
  ).action(later(() => import('../workforce/principals.ts'), 'principal'));
  example(
    workforce
      .command('reassign')
      .argument('<principal>')
      .argument('<role>', 'the new role, or "none"')
      .description('give a principal another role, at once'),
    `attestry workforce reassign ${HUMAN} role:acme.example:reviewer/v1`,
  ).action(later(() => import('../workforce/principals.ts'), 'reassign'));
  example(
    workforce
      .command('key')
      .argument('<principal>', 'yourself, or somebody that you staff')
      .argument('<file>', 'its public key, or "none"')
      .description('say by which key a principal signs its decisions'),
    `attestry workforce key ${HUMAN} ada.pub`,
  ).action(later(() => import('../workforce/principals.ts'), 'key'));
  example(
    workforce
      .command('end')
      .argument('<principal>')
      .description('end a principal, at once; nobody takes up its name again'),
    'attestry workforce end worker:acme.example:claims:scribe',
  ).action(later(() => import('../workforce/principals.ts'), 'end'));
};

const capacityOption = (): Option =>
  new Option('--capacity <capacity>', 'what he may decide as')
    .choices(['architect', 'reviewer', 'resolver', 'operator'])
    .makeOptionMandatory();

export const addWorkforce = (program: Command): void => {
  const workforce = program
    .command('workforce')
    .description('staff the workforces that keep bases: roles, principals, bindings')
    .helpGroup('Knowledge:');
  example(workforce, `attestry workforce list ${WORKFORCE}`);
  addRoles(workforce);
  addPrincipals(workforce);
  example(
    workforce
      .command('bind')
      .argument('<human>', 'human:<authority>:<name>')
      .description('let a human decide, in one capacity and for a time')
      .addOption(capacityOption())
      .option('--from <instant>', 'as in 2027-01-31T00:00:00Z; default: from now on', instantText)
      .option('--until <instant>', 'default: for a year', instantText),
    `attestry workforce bind ${HUMAN} --capacity reviewer`,
  ).action(later(() => import('../workforce/bindings.ts'), 'bind'));
  example(
    workforce.command('unbind').argument('<binding>', 'its id').description('take a binding back, at once'),
    'attestry workforce unbind bnd_5f0c8d2e9a417b36',
  ).action(later(() => import('../workforce/bindings.ts'), 'unbind'));
  example(
    workforce
      .command('list')
      .argument('[workforce]', 'one, with its roles, principals and bindings')
      .description('list workforces, or who works in one'),
    `attestry workforce list ${WORKFORCE}`,
  ).action(later(() => import('../workforce/list.ts'), 'list'));
};
