// attestry workforce register, role: a workforce, and what the roles in it grant.
import type { JsonObject } from '../../../keys/canonical.ts';
import {
  type BaseId,
  CAPABILITY_VERBS,
  type CapabilityVerb,
  capabilityOf,
  OPERATIONS,
  type Operation,
  parseBaseId,
} from '../../protocol/knowledge/ids.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { registryOf } from '../ask.ts';
import { acting } from '../command.ts';
import { UsageError } from '../failure.ts';
import { readJsonFile } from '../kb/bases.ts';

interface RegisterOptions {
  readonly steward?: string;
}

export const register = acting<RegisterOptions>(async (settings, { steward }, workforce = '') => {
  const registry = registryOf(settings);
  const own = textOf((await registry.ask('GET', '/access/whoami')).body['account']) ?? '';
  const { body } = await registry.ask('POST', '/access/workforces', { workforce, steward: steward ?? own });
  return { lines: [`${workforce} is staffed by the account ${steward ?? own}.`], json: body };
});

interface RoleOptions {
  readonly file?: string;
  readonly workforce?: string;
  readonly base: readonly string[];
  readonly operations: readonly string[];
  readonly versions: string;
}

/** A read is done by three capabilities, everything else by the one of its own name. */
const verbsOf = (operation: Operation): readonly CapabilityVerb[] =>
  operation === 'retrieve' ? ['get', 'list', 'search'] : [operation];

const grantOf = ({ base, operations, versions }: RoleOptions): JsonObject => {
  const bases = base.map((name): BaseId => {
    const parsed = parseBaseId(name);
    if (parsed === undefined) throw new UsageError(`"${name}" is no base: kb:<authority>:<workforce>:<name>`);
    return parsed;
  });
  const known = operations.map((name): Operation => {
    const found = OPERATIONS.find((each) => each === name);
    if (found === undefined) throw new UsageError(`"${name}" is none of ${OPERATIONS.join(', ')}.`);
    return found;
  });
  const wanted = new Set(known.flatMap(verbsOf));
  const verbs = CAPABILITY_VERBS.filter((verb) => wanted.has(verb));
  const kinds = new Set(bases.flatMap((each) => verbs.map((verb) => capabilityOf(each, verb))));
  return {
    knowledge_bases: bases.map((each, at) => ({
      clause: `kb-${at + 1}`,
      knowledge_base_id: each,
      operations: known,
      versions: versions === 'any' || versions === 'current' ? versions : versions.split(','),
    })),
    knowledge_capabilities: [...kinds].map((capability_kind, at) => ({
      clause: `kc-${at + 1}`,
      capability_kind,
    })),
  };
};

export const role = acting<RoleOptions>(async (settings, options, name = '') => {
  const { file, workforce, base } = options;
  if ((file === undefined) === (base.length === 0))
    throw new UsageError('Say what the role grants: --base and --operations, or --file FILE.json.');
  const grant = file === undefined ? { authority_grant: grantOf(options) } : await readJsonFile(file);
  const { body } = await registryOf(settings).ask('POST', '/access/roles', {
    ...grant,
    role: name,
    ...(workforce === undefined ? {} : { workforce }),
  });
  const said = body['created'] === false ? 'was declared like that already' : 'is declared, once and for all';
  return { lines: [`${name} ${said}.`], json: body };
});
