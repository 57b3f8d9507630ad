// Whether the host has the capabilities that a pack declares as peer dependencies, and that its agents ask for. Pure.
import { clipped, pointer } from '../manifest/read.ts';
import { type Found, find, findLiteral, reaches, readAlias } from './capability.ts';
import type { HostView } from './host.ts';
import type { PackNeeds, Peer } from './needs.ts';
import { degraded, notChecked, type Said, unmet } from './said.ts';
import { FAMILIES, RESERVED } from './tables.ts';

const LEVEL = /^>=\s*([A-Za-z0-9-]{1,40})$/;
const PRESENCE = new Set(['', 'supported', 'required', 'optional', 'true', '*']);

const missing = (peer: Peer, where: string, needs: string, host: string): Said => {
  const say = peer.optional ? degraded : unmet;
  return say('pack_peer_dependency_missing', where, needs, host);
};

/** What the value asks for beyond presence. */
const levelProblem = ({ value }: Peer, found: Found & { readonly has: true }): string | undefined => {
  const level = LEVEL.exec(value)?.[1];
  if (level === undefined || found.values.some((each) => reaches(each, level))) return undefined;
  return `has it, and does not claim ${clipped(level)} or more`;
};

const unread = ({ key, value }: Peer, where: string): readonly Said[] =>
  PRESENCE.has(value) || LEVEL.test(value)
    ? []
    : [
        notChecked(
          where,
          `${clipped(key)} ${clipped(value)}`,
          'the specification has no reading of this value',
        ),
      ];

/**
 * RFC 0070 §B has the floor follow from the runtime and not the other way round; §D lets a host that has the floor alone
 * install what asks for the runtime, if it says so.
 */
const floorOnly = (peer: Peer, host: HostView): boolean =>
  /^(?:host\.)?agentRuntime$/.test(peer.key) &&
  PRESENCE.has(peer.value) &&
  peer.facets.length === 0 &&
  find(host, { family: 'agents', path: ['manifestRuntime'] }).has;

const told = (peer: Peer, found: Found, where: string, host: HostView): readonly Said[] => {
  const needs = `${clipped(peer.key)}${PRESENCE.has(peer.value) ? '' : ` ${clipped(peer.value)}`}`;
  if (!found.has) {
    if (!floorOnly(peer, host)) return [missing(peer, where, needs, found.why)];
    return [degraded('pack_peer_dependency_missing', where, needs, 'has agents.manifestRuntime only')];
  }
  const problem = levelProblem(peer, found);
  return problem === undefined ? unread(peer, where) : [missing(peer, where, needs, problem)];
};

/** packs.md (v2) §Peer-dependency identifiers: facets are named beside the key and never in it. */
const checkFacets = (peer: Peer, family: string, host: HostView): readonly Said[] =>
  peer.facets.flatMap((facet, index) => {
    const found = find(host, { family, path: [facet] });
    const where = pointer('peerDependenciesMeta', clipped(peer.key), 'facets', index);
    return found.has ? [] : [missing(peer, where, `${clipped(peer.key)}.${clipped(facet)}`, found.why)];
  });

const undefinedPeer = ({ key }: Peer, why: string): readonly Said[] => [
  unmet(
    'pack_peer_dependency_undefined',
    pointer('peerDependencies', clipped(key)),
    clipped(key),
    `cannot have it: ${why}`,
  ),
];

const checkV2 = (peer: Peer, host: HostView): readonly Said[] => {
  if (!FAMILIES.has(peer.key)) return undefinedPeer(peer, 'it is no declared family');
  const found = find(host, { family: peer.key, path: [] });
  const where = pointer('peerDependencies', peer.key);
  return [...told(peer, found, where, host), ...checkFacets(peer, peer.key, host)];
};

/** packs.md (v2) §The alias table: a host of v2 may know it, and after the end of v1 must not. */
const ofAlias = ({ key }: Peer, found: Found, where: string, host: HostView): readonly Said[] =>
  found.has && host.generation === 'v2' && !FAMILIES.has(key)
    ? [notChecked(where, clipped(key), 'whether this host still reads names of v1 through the alias table')]
    : [];

const checkV1 = (peer: Peer, host: HostView): readonly Said[] => {
  if (RESERVED.has(peer.key)) return undefinedPeer(peer, 'the name is reserved and defined by no version');
  const reading = readAlias(peer.key);
  const found = reading === undefined ? findLiteral(host, peer.key) : find(host, reading);
  const where = pointer('peerDependencies', clipped(peer.key));
  const facets = reading === undefined ? [] : checkFacets(peer, reading.family, host);
  return [...told(peer, found, where, host), ...ofAlias(peer, found, where, host), ...facets];
};

export const checkPeers = ({ peers, tree }: PackNeeds, host: HostView): readonly Said[] =>
  peers.flatMap((peer) => (tree === 'v2' ? checkV2(peer, host) : checkV1(peer, host)));

/** RFC 0092 §B: an agent whose needs are not met may be dispatched, and is shown as degraded. */
const checkAgentNeeds = ({ capabilities }: PackNeeds, host: HostView): readonly Said[] =>
  capabilities.flatMap(({ id, where }) => {
    const reading = readAlias(id);
    const found = reading === undefined ? findLiteral(host, id) : find(host, reading);
    return found.has ? [] : [degraded('capability_required', where, clipped(id), found.why)];
  });

/** RFC 0070 §A: a host without it makes no agents of manifests, and installs the pack all the same. */
const checkFloor = ({ agents, peers }: PackNeeds, host: HostView): readonly Said[] => {
  const declared = peers.some(({ key }) => /^(?:host\.)?(?:agentRuntime|agents)(?:$|\.)/.test(key));
  const found = find(host, { family: 'agents', path: ['manifestRuntime'] });
  const [first] = agents;
  if (first === undefined || declared || found.has) return [];
  return [degraded('capability_required', '/agents', 'agents.manifestRuntime', found.why)];
};

export const checkAgents = (pack: PackNeeds, host: HostView): readonly Said[] => [
  ...checkFloor(pack, host),
  ...checkAgentNeeds(pack, host),
];
