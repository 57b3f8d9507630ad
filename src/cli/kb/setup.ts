// attestry kb setup: from an account to somebody who may read, propose, review and govern in a workforce, in one go.
import type { JsonObject } from '../../../keys/canonical.ts';
import {
  CAPABILITY_VERBS,
  capabilityOf,
  OPERATIONS,
  parseBaseId,
  parsePrincipalId,
  parseWorkforceId,
} from '../../protocol/knowledge/ids.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { type Registry, registryOf } from '../ask.ts';
import { acting } from '../command.ts';
import { RegistryFault, StandingError, UsageError } from '../failure.ts';
import { rowsAt } from '../table.ts';

interface SetupOptions {
  readonly authority: string;
  readonly workforce: string;
  readonly base?: readonly string[];
  readonly human?: string;
  readonly role: string;
}

/** What is there already stays as it is: the command may be run again. */
const unlessThere = async (work: Promise<unknown>): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof RegistryFault && error.code === 'already_exists') return false;
    throw error;
  }
};

const grantFor = (bases: readonly string[]): JsonObject => ({
  knowledge_bases: bases.map((base, at) => ({
    clause: `kb-${at + 1}`,
    knowledge_base_id: base,
    operations: OPERATIONS,
    versions: 'any',
  })),
  knowledge_capabilities: CAPABILITY_VERBS.map((verb) => ({
    clause: `kc-${verb.replace('_', '-')}`,
    capability_kind: capabilityOf(bases[0] as Parameters<typeof capabilityOf>[0], verb),
  })),
});

/** Reviewers decide, architects register and govern. */
const CAPACITIES = ['reviewer', 'architect'] as const;

const boundIn = async (registry: Registry, human: string): Promise<readonly string[]> => {
  const { body } = await registry.ask('GET', '/access/bindings?account=own');
  return rowsAt(body, 'bindings')
    .filter((row) => row['human'] === human && row['revoked_at'] === null)
    .map((row) => textOf(row['capacity']) ?? '');
};

const bind = async (registry: Registry, human: string): Promise<readonly string[]> => {
  const bound = await boundIn(registry, human);
  const missing = CAPACITIES.filter((capacity) => !bound.includes(capacity));
  for (const capacity of missing) await registry.ask('POST', '/access/bindings', { human, capacity });
  return missing;
};

/** @throws StandingError where the role is declared with another grant, which never changes */
const declare = async (registry: Registry, role: JsonObject): Promise<void> => {
  if (await unlessThere(registry.ask('POST', '/access/roles', role))) return;
  throw new StandingError(
    'role_declared',
    `${String(role['role'])} is declared already, for other bases, and never changes: name another role, and all bases that you keep, as in --role keeper2 --base policy-wording,prices`,
  );
};

/** Who was there before may stand in another role. */
const takeRole = (registry: Registry, human: string, role: string): Promise<unknown> =>
  registry.ask('POST', `/access/principals/${encodeURIComponent(human)}/role`, { role });

const basesOf = ({ authority, workforce, base = ['policy-wording'] }: SetupOptions): readonly string[] => {
  const all = base.map((name) => (name.startsWith('kb:') ? name : `kb:${authority}:${workforce}:${name}`));
  const names = [...new Set(all)];
  const wrong = names.find((name) => parseBaseId(name)?.startsWith(`kb:${authority}:${workforce}:`) !== true);
  if (wrong !== undefined) throw new UsageError(`"${wrong}" is no name of a base of this workforce.`);
  return names;
};

/** Refused where the role, the human or the workforce would have no name. @throws UsageError */
const namesOf = (options: SetupOptions, account: string) => {
  const { authority, workforce, human = account, role } = options;
  const names = {
    workforce: `workforce:${authority}:${workforce}`,
    role: `role:${authority}:${role}/v1`,
    human: `human:${authority}:${human}`,
  };
  if (parseWorkforceId(names.workforce) === undefined)
    throw new UsageError(`${names.workforce} is no name: write --authority acme.example --workforce claims`);
  if (parsePrincipalId(names.human) === undefined)
    throw new UsageError(`${names.human} is no name: write --human ada`);
  return names;
};

export const setup = acting<SetupOptions>(async (settings, options) => {
  const registry = registryOf(settings);
  const { body } = await registry.ask('GET', '/access/whoami');
  const account = textOf(body['account']) ?? '';
  const { workforce, role, human } = namesOf(options, account);
  const bases = basesOf(options);
  await unlessThere(registry.ask('POST', '/access/workforces', { workforce, steward: account }));
  await declare(registry, { workforce, role, authority_grant: grantFor(bases) });
  const isNew = await unlessThere(
    registry.ask('POST', '/access/principals', { workforce, principal: human, account, role }),
  );
  if (!isNew) await takeRole(registry, human, role);
  const capacities = await bind(registry, human);
  return {
    lines: [
      `${workforce}: ${account} acts in it as ${human}, in the role ${role}.`,
      `${human} is bound as ${CAPACITIES.join(' and ')}.`,
      ...bases.map(
        (base) => `It may do everything with ${base}; now register it: attestry kb register ${base} …`,
      ),
    ],
    json: { workforce, role, human, account, bases, bound: capacities },
  };
});
