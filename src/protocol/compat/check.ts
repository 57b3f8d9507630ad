// Decides whether a set of packs runs on a host, and says all that is in the way at once. Pure.
import { clipped } from '../manifest/read.ts';
import { nameKey } from '../pack-id.ts';
import { find } from './capability.ts';
import { checkEngine } from './check-engine.ts';
import { checkOthers, type Given } from './check-others.ts';
import { checkAgents, checkPeers } from './check-peers.ts';
import { checkRuntime } from './check-runtime.ts';
import type { HostView } from './host.ts';
import type { PackNeeds } from './needs.ts';
import { notChecked, type Said, unmet } from './said.ts';
import { spelt } from './tables.ts';

export interface CheckedPack {
  readonly needs: PackNeeds;
  /** `name@version` of those that bring it in; empty for one that was asked for itself. */
  readonly broughtBy: readonly string[];
}

/** A pack that is asked for, by the caller or by a pack, and that the registry has not. */
export interface AbsentPack {
  readonly name: string;
  readonly range: string;
  readonly broughtBy: readonly string[];
  readonly why: 'no pack of that name' | 'no version in that range';
}

export interface CompatSet {
  readonly packs: readonly CheckedPack[];
  readonly absent: readonly AbsentPack[];
  /** Those that the host has already: what they give counts, what they need does not. */
  readonly installed: readonly PackNeeds[];
  /** Of those the ones that the registry has not, as `name@range`. */
  readonly unknown: readonly string[];
  readonly offers: ReadonlyMap<string, string>;
}

interface About {
  readonly pack: string;
  readonly broughtBy: readonly string[];
}

export interface CompatFinding extends About {
  readonly code: string;
  /** What a host answers with that refuses the pack for it. */
  readonly status: number;
  readonly where: string;
  readonly needs: string;
  readonly host: string;
}

export interface CompatUnknown extends About {
  readonly where: string;
  readonly needs: string;
  readonly why: string;
}

export interface CompatReport {
  readonly compatible: boolean;
  readonly host: { readonly document: 'v1' | 'v2'; readonly versions: readonly string[] };
  readonly packs: readonly (About & { readonly tree: 'v1' | 'v2' })[];
  readonly unmet: readonly CompatFinding[];
  readonly degraded: readonly CompatFinding[];
  readonly notChecked: readonly CompatUnknown[];
  /** How many findings a list would have had beyond what is shown of it. */
  readonly left: { readonly unmet: number; readonly degraded: number; readonly notChecked: number };
}

/** Of each list; who reads it has enough to do. */
const MAX_SHOWN = 500;

const nameOf = ({ name, version }: PackNeeds): string => `${name}@${version}`;

const givenBy = ({ packs, installed, offers }: CompatSet): Given => {
  const all = [...packs.map(({ needs }) => needs), ...installed];
  return { ids: new Set(all.flatMap(({ gives }) => [...gives])), offers };
};

const checkPack = (pack: PackNeeds, host: HostView, given: Given): readonly Said[] => [
  ...checkEngine(pack, host),
  ...checkPeers(pack, host),
  ...checkRuntime(pack, host),
  ...checkAgents(pack, host),
  ...checkOthers(pack, host, given),
  ...(pack.cut ? [notChecked('', 'the rest of its lists', 'they are longer than is looked at')] : []),
];

const said = (name: string, range: string): string => `${clipped(name, 100)}@${clipped(range, 60)}`;

const saidOfAbsent = ({ why }: AbsentPack): Said =>
  unmet('pack_version_not_found', '', 'a version to install', `cannot get one: the registry has ${why}`);

/** Which of them is installed is for whoever resolves to say; both are looked at. */
const saidOfTwins = (packs: readonly CheckedPack[]): ReadonlyMap<string, readonly Said[]> => {
  const byName = new Map<string, CheckedPack[]>();
  for (const pack of packs) {
    const key = nameKey(pack.needs.name);
    byName.set(key, [...(byName.get(key) ?? []), pack]);
  }
  const twins = [...byName.values()].filter((each) => each.length > 1);
  return new Map(
    twins.flatMap((each) => {
      const versions = each.map(({ needs }) => needs.version).join(', ');
      const said = notChecked(
        '',
        `one version of ${versions}`,
        'ranges lead to several; both were looked at',
      );
      return each.map(({ needs }) => [nameOf(needs), [said]] as const);
    }),
  );
};

type Told = About & { readonly said: Said };

/** packs.md (v2): a host without the family `packs` resolves none through a registry. */
const resolvesNone = (host: HostView): boolean =>
  host.generation === 'v2' && !find(host, { family: 'packs', path: [] }).has;

const saidOfHost = (host: HostView): readonly Told[] => {
  const lacking = host.lacks.map((name) =>
    notChecked(`/${name}`, name, 'v1 demands it of every host and this document lacks it'),
  );
  const none = 'the host does not say that it resolves packs through a registry';
  const all = [...lacking, ...(resolvesNone(host) ? [notChecked('/packs', 'packs', none)] : [])];
  return all.map((each) => ({ pack: '', broughtBy: [], said: each }));
};

const saidOfUnknown = (unknown: readonly string[]): readonly Told[] =>
  unknown.map((pack) => ({
    pack,
    broughtBy: [],
    said: notChecked('', 'what it gives to others', 'it is installed, and this registry has not got it'),
  }));

const toldOfAbsent = (absent: AbsentPack): Told => ({
  pack: said(absent.name, absent.range),
  broughtBy: absent.broughtBy,
  said: saidOfAbsent(absent),
});

/** Pack by pack, so that what is shown no more is not kept either. */
function* tellAll(set: CompatSet, host: HostView): Generator<Told> {
  const [given, twins] = [givenBy(set), saidOfTwins(set.packs)];
  yield* set.absent.map(toldOfAbsent);
  for (const { needs, broughtBy } of set.packs) {
    const pack = nameOf(needs);
    for (const each of [...checkPack(needs, host, given), ...(twins.get(pack) ?? [])])
      yield { pack, broughtBy, said: each };
  }
  yield* saidOfUnknown(set.unknown);
  yield* saidOfHost(host);
}

const entryOf = ({ pack, broughtBy, said: each }: Told, host: HostView): CompatFinding | CompatUnknown => {
  const { where, needs } = each;
  if (each.as === 'notChecked') return { pack, where, needs, why: each.why, broughtBy };
  return { ...spelt(each.code, host.generation), pack, where, needs, host: each.host, broughtBy };
};

/** Packs and findings come in the order in which the packs were given. */
export const checkCompat = (set: CompatSet, host: HostView): CompatReport => {
  const lists = { unmet: [], degraded: [], notChecked: [] } as Record<Said['as'], never[]>;
  const left = { unmet: 0, degraded: 0, notChecked: 0 };
  for (const told of tellAll(set, host)) {
    const { as } = told.said;
    if (lists[as].length < MAX_SHOWN) lists[as].push(entryOf(told, host) as never);
    else left[as] += 1;
  }
  return {
    compatible: lists.unmet.length === 0,
    host: { document: host.generation, versions: host.versions.map(({ text }) => text) },
    packs: set.packs.map(({ needs, broughtBy }) => ({ pack: nameOf(needs), tree: needs.tree, broughtBy })),
    ...lists,
    left,
  };
};
