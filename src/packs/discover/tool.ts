// What an entry of a tool allowlist names: an id that some pack gives, or something that only the host has. Pure.

export interface ToolId {
  readonly id: string;
}

/** Who else than a pack has it. */
export interface OtherTool {
  readonly heldBy: 'host' | 'mcp' | 'local' | 'private';
}

const ELSEWHERE = /^(?:(mcp|host):|(local|private)\.)/;

/** `openwop:` stands before an id; `mcp:` and `host:` before what no registry holds. */
export const readTool = (entry: string): ToolId | OtherTool => {
  const [, prefix, scope] = ELSEWHERE.exec(entry) ?? [];
  const heldBy = prefix ?? scope;
  if (heldBy !== undefined) return { heldBy: heldBy as OtherTool['heldBy'] };
  const id = entry.replace(/^openwop:/, '');
  // A version may be pinned behind the id, as chains of v2 do.
  return { id: id.replace(/@[^@]*$/, '') };
};
