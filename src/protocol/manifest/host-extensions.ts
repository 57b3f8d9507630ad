// What belongs to hosts and never to the protocol: commands that are run, extension names, ids of unpublished packs. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Violation } from '../faults.ts';
import { type ExportedId, exportedIds, isProtocolOwned } from './describe.ts';
import { at, clipped, listOf, objectOf, pointer, textOf } from './read.ts';
import { violation } from './violations.ts';

/** RFC 0069, the closed list of the conformance suite: the last segment of a name, without hyphens and capitals. */
const EXEC_CLASS: ReadonlySet<string> = new Set([
  ...['exec', 'shell', 'spawn', 'runcommand', 'runscript', 'subprocess', 'systemcall', 'eval'],
]);

const isExecClass = (id: string): boolean =>
  EXEC_CLASS.has(
    id
      .slice(id.lastIndexOf('.') + 1)
      .replace(/[-_]/g, '')
      .toLowerCase(),
  );

/** Tools that a pack offers to models stand beside its nodes. */
const toolNames = (manifest: JsonValue): readonly ExportedId[] =>
  listOf(at(manifest, 'nodes')).flatMap((node, index) => {
    const id = textOf(at(node, 'mcp', 'toolName'));
    return id === undefined ? [] : [{ id, where: pointer('nodes', index, 'mcp', 'toolName') }];
  });

const HOST_OWNED = 'the host owns it: name it vendor.<org>.…, private.<host>.… or x-host-<vendor>-exec';

/** host-extensions.md §exec-class tools: no such tool under a namespace of the protocol. */
const execClassTools = (manifest: JsonValue): readonly Violation[] =>
  [...exportedIds(manifest), ...toolNames(manifest)]
    .filter(({ id }) => isProtocolOwned(id) && isExecClass(id))
    .map(({ id, where }) =>
      violation(
        'invalid_manifest',
        where,
        `"${clipped(id)}" runs commands, and is none of the protocol's: ${HOST_OWNED}`,
      ),
    );

/** RFC 0043 §A.5: dev-time names stay at home. */
const localIds = (manifest: JsonValue): readonly Violation[] =>
  exportedIds(manifest)
    .filter(({ id }) => /^local\./i.test(id))
    .map(({ id, where }) =>
      violation('invalid_manifest', where, `"${clipped(id)}" is a name for packs that are not published`),
    );

const EXTENSION = /^x-host-[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/;

/** `host.*`, `core.*` and `openwop.*` are surfaces of the protocol; a host's own reads `x-host-<vendor>-<name>`. */
const peerProblem = (name: string): string | undefined => {
  if (/^(?:host|core|openwop)\./i.test(name) && isExecClass(name))
    return `runs commands, which no capability of the protocol does: ${HOST_OWNED}`;
  if (/^x-host/i.test(name) && !EXTENSION.test(name))
    return 'must read x-host-<vendor>-<name>, in lower case, as extensions of hosts do';
  return undefined;
};

const peerNames = (manifest: JsonValue): readonly Violation[] =>
  Object.keys(objectOf(at(manifest, 'peerDependencies')) ?? {}).flatMap((name) => {
    const problem = peerProblem(name);
    if (problem === undefined) return [];
    const where = pointer('peerDependencies', name);
    return [violation('pack_peer_dependency_undefined', where, `"${clipped(name)}" ${problem}`)];
  });

/** host-extensions.md; the same for every kind. */
export const hostExtensionRules = (manifest: JsonValue): readonly Violation[] => [
  ...execClassTools(manifest),
  ...localIds(manifest),
  ...peerNames(manifest),
];
