// Whether a pack finds what it takes from other packs and from services of the host: tools, artifacts, connections. Pure.
import { isProtocolOwned } from '../manifest/describe.ts';
import { clipped, listOf, objectOf, textOf } from '../manifest/read.ts';
import { find, findLiteral, readAlias } from './capability.ts';
import type { HostView } from './host.ts';
import type { Named, PackNeeds } from './needs.ts';
import { degraded, notChecked, type Said, unmet } from './said.ts';
import { FAMILIES, KIND_NEEDS } from './tables.ts';

/** What all packs together give that are asked for, brought in, or installed. */
export interface Given {
  readonly ids: ReadonlySet<string>;
  /** A pack of the registry that gives an id which none of them gives. */
  readonly offers: ReadonlyMap<string, string>;
}

const HOST_TOOL = /^host:/;
const ELSEWHERE = /^(?:local|private)\./;
const MCP = /^mcp:/;

/** `openwop:` before an id; a version may be pinned behind it, as chains of v2 do. */
export const toolId = (tool: string): string => tool.replace(/^openwop:/, '').replace(/@[^@]*$/, '');

/** Whether an entry of a tool allowlist is one that packs give (node-packs.md, `toolAllowlist`). */
export const isPackTool = (tool: string): boolean =>
  !HOST_TOOL.test(tool) && !ELSEWHERE.test(tool) && !MCP.test(tool);

const mcpTool = ({ id, where }: Named, host: HostView): readonly Said[] => {
  const found = find(host, { family: 'mcp', path: [] });
  return found.has
    ? [notChecked(where, clipped(id), 'which servers the host has of MCP')]
    : [unmet('capability_required', where, clipped(id), found.why)];
};

const hostTool = ({ id, where }: Named, host: HostView): readonly Said[] => {
  const name = id.replace(HOST_TOOL, '');
  const reading = readAlias(name);
  if (reading === undefined) return [notChecked(where, clipped(id), 'which tools the host has of its own')];
  const found = find(host, reading);
  return found.has ? [] : [unmet('capability_required', where, clipped(id), found.why)];
};

const packTool = ({ id, where }: Named, given: Given): readonly Said[] => {
  const wanted = toolId(id);
  if (given.ids.has(wanted)) return [];
  if (isProtocolOwned(wanted))
    return [notChecked(where, clipped(id), 'whether the host has this node of the protocol built in')];
  const offer = given.offers.get(wanted);
  const hint = offer === undefined ? '' : `; ${clipped(offer)} does`;
  const none = `no pack asked for or installed gives it${hint}`;
  return [unmet('capability_required', where, clipped(id), none)];
};

/** registry-operations.md §Agent-manifest pack dependencies: every tool of every agent, over all packs together. */
const checkTools = ({ tools }: PackNeeds, host: HostView, given: Given): readonly Said[] =>
  tools.flatMap((tool) => {
    if (MCP.test(tool.id)) return mcpTool(tool, host);
    if (HOST_TOOL.test(tool.id)) return hostTool(tool, host);
    if (ELSEWHERE.test(tool.id))
      return [notChecked(tool.where, clipped(tool.id), 'names of hosts and of single machines')];
    return packTool(tool, given);
  });

/** Each kind of pack needs a host that knows it. */
const checkKind = ({ kind }: PackNeeds, host: HostView): readonly Said[] => {
  const need = Object.hasOwn(KIND_NEEDS, kind) ? KIND_NEEDS[kind] : undefined;
  if (need === undefined) return [];
  const found = find(host, need);
  if (found.has) return [];
  const needs = `${[need.family, ...need.path].join('.')}, for packs of kind ${kind} (${need.section})`;
  return [unmet('capability_required', '/kind', needs, found.why)];
};

const artifactIds = (host: HostView): ReadonlySet<string> => {
  const found = find(host, { family: 'artifactTypes', path: ['types'] });
  return new Set(found.has ? found.values.flatMap((each) => Object.keys(objectOf(each) ?? {})) : []);
};

/** artifact-type-packs.md: what has no registered type is kept without one. */
const checkArtifacts = (pack: PackNeeds, host: HostView, given: Given): readonly Said[] => {
  if (pack.artifacts.length === 0) return [];
  const known = artifactIds(host);
  return pack.artifacts
    .filter(({ id }) => !given.ids.has(id) && !known.has(id))
    .map(({ id, where }) =>
      degraded(
        'capability_required',
        where,
        `artifact type ${clipped(id)}`,
        'has it neither named nor by a pack',
      ),
    );
};

const checkActions = ({ actions, gives }: PackNeeds): readonly Said[] =>
  actions
    .filter(({ id }) => !gives.has(id))
    .map(({ id, where }) =>
      unmet('connector_action_unresolved', where, clipped(id), 'finds no node of that id in the pack'),
    );

const oauthProviders = (host: HostView): ReadonlySet<string> => {
  const found = find(host, { family: 'oauth', path: ['providers'] });
  const listed = found.has ? found.values.flatMap((each) => listOf(each)) : [];
  return new Set(listed.flatMap((each) => textOf(each) ?? textOf(objectOf(each)?.['id']) ?? []));
};

/** connection-packs.md §The qualified form: `<packName>#<id>`. */
const bareProvider = (id: string): string => id.slice(id.indexOf('#') + 1);

const checkProviders = (pack: PackNeeds, host: HostView, given: Given): readonly Said[] => {
  if (pack.providers.length === 0) return [];
  const [oauth, listed] = [find(host, { family: 'oauth', path: [] }), oauthProviders(host)];
  return pack.providers.flatMap(({ id, where, byConnector }) => {
    const needs = `OAuth with ${clipped(id)}`;
    if (!oauth.has) return [(byConnector ? unmet : degraded)('capability_required', where, needs, oauth.why)];
    const bare = bareProvider(id);
    if (given.ids.has(bare) || listed.has(bare)) return [];
    return [degraded('capability_required', where, needs, 'has OAuth, and does not say that provider')];
  });
};

/** node-packs.md §Per-node requiresSecrets, RFC 0046: such a node is not dispatched; the others are. */
const checkStored = (list: readonly Named[], family: string, host: HostView): readonly Said[] => {
  const found = find(host, { family, path: [] });
  if (found.has) return [];
  return list.map(({ id, where }) =>
    degraded('capability_required', where, `${family}: ${clipped(id)}`, found.why),
  );
};

/** RFC 0031; a name that is of a family is asked like one, so that hosts of v1 may have either. */
const checkModels = ({ models }: PackNeeds, host: HostView): readonly Said[] => {
  const found = find(host, { family: 'modelCapabilities', path: ['advertised'] });
  const listed = new Set(found.has ? found.values.flatMap((each) => listOf(each)) : []);
  return models
    .filter(({ id }) => !listed.has(id) && !(FAMILIES.has(id) && findLiteral(host, id).has))
    .map(({ id, where }) => {
      const needs = `a model with ${clipped(id)}`;
      if (!found.has) return notChecked(where, needs, 'the host does not say what its models can');
      return degraded('capability_required', where, needs, 'does not advertise it of its models');
    });
};

export const checkOthers = (pack: PackNeeds, host: HostView, given: Given): readonly Said[] => [
  ...checkKind(pack, host),
  ...checkTools(pack, host, given),
  ...checkArtifacts(pack, host, given),
  ...checkActions(pack),
  ...checkProviders(pack, host, given),
  ...checkStored(pack.secrets, 'secrets', host),
  ...checkStored(pack.credentials, 'credentials', host),
  ...checkModels(pack, host),
];
