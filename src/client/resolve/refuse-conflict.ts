// Turns a conflict into the refusal that says who asked for what. Pure.
import { clipped } from '../../protocol/manifest/read.ts';
import { type Refusal, type RefusalCode, refusal } from '../refusal.ts';
import type { Conflict, Listed, Tried, Wish } from './types.ts';
import { YOU } from './wishes.ts';

const SHOWN = 50;

const sentenceOf = ({ by, range }: Wish): string =>
  by === YOU ? `you ask for ${clipped(range)}` : `${by} asks for ${clipped(range)}`;

const rangeOf = (wishes: readonly Wish[]): string => clipped(wishes.map(({ range }) => range).join(' '), 300);

const passedOver = (tried: readonly Tried[]) =>
  tried.flatMap(({ version, denial }) => (denial === undefined ? [] : [{ version, ...denial }]));

const denied = ({ name, wishes, tried }: Conflict) => {
  const passed = passedOver(tried);
  return { name, range: rangeOf(wishes), rule: passed[0]?.rule ?? null, passedOver: passed.slice(0, 20) };
};

const messageOf = ({ code, name, wishes, tried }: Conflict): string | undefined => {
  if (code === 'pack_dependency_cycle')
    return `Packs depend on each other in a circle: ${wishes.map((each) => each.by).join(' → ')} → ${wishes.at(-1)?.name ?? ''}.`;
  if (code === 'resolution_gave_up')
    return `The search for versions that fit together was given up: ${tried[0]?.because ?? ''}.`;
  const shown = wishes.slice(0, SHOWN).map(sentenceOf).join(', ');
  const asked = wishes.length > SHOWN ? `${shown} and ${wishes.length - SHOWN} more` : shown;
  if (code === 'pack_dependency_conflict') return `No version of ${name} satisfies everybody: ${asked}.`;
  if (code === 'policy_refused')
    return `No version of ${name} that ${rangeOf(wishes)} admits is admitted by the policy. ${passedOver(tried)[0]?.message ?? ''}`;
  return wishes.every(({ by }) => by === YOU) ? undefined : `${name}: ${asked}, and there is none.`;
};

/** The members that node-packs.md names, and why each version that there is was none. */
const evidenceOf = ({ name, wishes, tried }: Conflict) => ({
  name,
  packName: name,
  conflictingRanges: wishes
    .slice(0, SHOWN)
    .map(({ by, range }) => ({ requestedBy: by, range: clipped(range, 300) })),
  tried: tried.slice(0, SHOWN),
});

const single = (name: string, range: string, listed: readonly Listed[]) => ({
  name,
  range,
  versions: listed
    .filter((each) => !each.yanked)
    .map((each) => each.version)
    .slice(0, SHOWN),
  yanked: listed
    .filter((each) => each.yanked)
    .map((each) => each.version)
    .slice(0, SHOWN),
});

/** `listed`: what the index of that pack says. */
export const refuseConflict = (found: Conflict, listed: readonly Listed[]): Refusal => {
  // A manifest may call what it needs whatever it likes.
  const conflict = { ...found, name: clipped(found.name, 300) };
  const { code, name, wishes } = conflict;
  const [wish] = wishes;
  if (code === 'policy_refused') return refusal('policy', code, denied(conflict), messageOf(conflict));
  const cycle =
    code === 'pack_dependency_cycle' ? { cycle: wishes.map((each) => each.by.split('@', 1)[0]) } : {};
  const evidence =
    code === 'no_version_satisfies' && wish !== undefined
      ? { ...single(name, clipped(wish.range, 300), listed), requestedBy: wish.by }
      : { ...evidenceOf(conflict), ...cycle };
  return refusal('registry', code as RefusalCode, evidence, messageOf(conflict));
};
