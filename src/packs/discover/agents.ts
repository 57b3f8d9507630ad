// The agents that a manifest brings, flawed ones left out, and the tools that they may use. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import { at, listOf, objectOf, textOf } from '../../protocol/manifest/read.ts';

/** As hosts show agents to one another: exactly one of the two ways to give a system prompt. */
const promptOf = (agent: JsonValue) => {
  const [prompt, reference] = [textOf(at(agent, 'systemPrompt')), textOf(at(agent, 'systemPromptRef'))];
  if (reference !== undefined && prompt === undefined) return { systemPromptRef: reference };
  return prompt === undefined ? undefined : { systemPrompt: prompt };
};

export const toolsOf = (agent: JsonValue): readonly string[] =>
  listOf(at(agent, 'toolAllowlist')).flatMap((tool) => textOf(tool) ?? []);

/** What an agent says of itself beyond what it must, where it is in the form that v1 knows. */
const OPTIONAL = ['label', 'description', 'role', 'requiresCapabilities', 'handoff', 'memoryShape'];

const optionalOf = (agent: JsonValue) =>
  Object.fromEntries(
    OPTIONAL.map((name) => [name, at(agent, name)] as const).filter(([, value]) => value !== undefined),
  );

const agentOf = (agent: JsonValue) => {
  const [agentId, persona] = [textOf(at(agent, 'agentId')), textOf(at(agent, 'persona'))];
  const [modelClass, prompt] = [textOf(at(agent, 'modelClass')), promptOf(agent)];
  if (agentId === undefined || persona === undefined || modelClass === undefined) return undefined;
  if (prompt === undefined) return undefined;
  return { agentId, persona, modelClass, ...prompt, toolAllowlist: toolsOf(agent), ...optionalOf(agent) };
};

export type Agent = NonNullable<ReturnType<typeof agentOf>>;

export const agentEntries = (manifest: JsonValue): readonly JsonValue[] => listOf(at(manifest, 'agents'));

/** In the form that catalogues of agents have. */
export const agentsOf = (manifest: JsonValue): readonly Agent[] =>
  agentEntries(manifest).flatMap((entry) => agentOf(entry) ?? []);

/** What a manifest depends on: names of packs and ranges, as they are written. */
export const dependenciesOf = (manifest: JsonValue): readonly (readonly [string, string])[] =>
  Object.entries(objectOf(at(manifest, 'dependencies') ?? null) ?? {}).flatMap(([name, range]) =>
    typeof range === 'string' ? [[name, range] as const] : [],
  );
