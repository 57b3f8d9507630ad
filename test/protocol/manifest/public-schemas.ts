// The verdict of the public v1 schemas, and of what this registry knowingly judges otherwise, both without our code.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import semver from 'semver';
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { SCHEMAS } from './published.ts';

const FILES: Readonly<Record<string, string>> = {
  node: 'node-pack-manifest',
  'artifact-type': 'artifact-type-pack-manifest',
  connection: 'connection-pack-manifest',
  'workflow-chain': 'workflow-chain-pack-manifest',
  prompt: 'prompt-pack-manifest',
  card: 'chat-card-pack-manifest',
  'form-content': 'form-content-pack-manifest',
};

export type Verdict = (manifest: JsonObject) => boolean;

/** Compiles the public schemas as the public registry does; the verdict is that of the kind a manifest declares. */
export const publicVerdict = (): Verdict => {
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  addFormats.default(ajv);
  for (const file of readdirSync(SCHEMAS))
    ajv.addSchema(JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')));
  const of = (file: string): ValidateFunction =>
    ajv.getSchema(`https://openwop.dev/spec/v1/${file}.schema.json`) as ValidateFunction;
  return (manifest) => {
    const kind = Object.hasOwn(manifest, 'kind') ? manifest.kind : 'node';
    const file = typeof kind === 'string' && Object.hasOwn(FILES, kind) ? FILES[kind] : undefined;
    return file !== undefined && of(file)(manifest) === true;
  };
};

// Everything below may only be asked about manifests that the public schemas take: shapes are known there.
// biome-ignore lint/suspicious/noExplicitAny: a second reading of the rules, on purpose not through our readers
type Loose = any;

const repeated = (ids: readonly unknown[]): boolean => new Set(ids).size < ids.length;

const repeatedIds = (m: Loose): boolean =>
  [
    (m.nodes ?? []).map((each: Loose) => each.typeId),
    (m.agents ?? []).map((each: Loose) => each.agentId),
    (m.artifactTypes ?? []).map((each: Loose) => each.artifactTypeId),
    (m.cards ?? []).map((each: Loose) => each.cardTypeId),
    (m.prompts ?? []).map((each: Loose) => `${each.templateId} ${each.version}`),
    (m.templates ?? []).map((each: Loose) => each.templateId),
    ...(m.templates ?? []).map((each: Loose) => each.fields.map((field: Loose) => field.id)),
    (m.chains ?? []).map((each: Loose) => each.chainId),
    ...(m.chains ?? []).map((each: Loose) => each.dag.nodes.map((node: Loose) => node.id)),
  ].some(repeated);

const strayAction = (m: Loose): boolean =>
  (m.connector?.actions ?? []).some(
    (action: Loose) => !(m.nodes ?? []).some((node: Loose) => node.typeId === action.typeId),
  );

const composesItself = (m: Loose): boolean => {
  const childrenOf = (id: unknown): unknown[] =>
    (m.chains ?? [])
      .filter((chain: Loose) => chain.chainId === id)
      .flatMap((chain: Loose) => (chain.subChains ?? []).map((sub: Loose) => sub.ref))
      .flatMap((ref: Loose) => (typeof ref === 'string' ? ref : ref.packName === m.name ? ref.chainId : []));
  const reaches = (from: unknown, goal: unknown, seen: Set<unknown>): boolean =>
    childrenOf(from).some((child) => {
      if (child === goal) return true;
      if (seen.has(child)) return false;
      seen.add(child);
      return reaches(child, goal, seen);
    });
  return (m.chains ?? []).some((chain: Loose) => reaches(chain.chainId, chain.chainId, new Set()));
};

const excludesMajor1 = (m: Loose): boolean => {
  const range: string = m.engines.openwop;
  return (
    range.length > 256 || semver.validRange(range) === null || !semver.intersects(range, '>=1.0.0 <2.0.0-0')
  );
};

const asksReserved = (m: Loose): boolean =>
  ['host.media', 'host.collaboration', 'host.workspace'].some((name) =>
    Object.hasOwn(m.peerDependencies ?? {}, name),
  );

const givenIds = (m: Loose): string[] =>
  [
    ...(m.nodes ?? []).map((each: Loose) => each.typeId),
    ...(m.agents ?? []).map((each: Loose) => each.agentId),
    ...(m.artifactTypes ?? []).map((each: Loose) => each.artifactTypeId),
    ...(m.cards ?? []).map((each: Loose) => each.cardTypeId),
    ...(m.prompts ?? []).map((each: Loose) => each.templateId),
    ...(m.templates ?? []).map((each: Loose) => each.templateId),
    ...(m.chains ?? []).map((each: Loose) => each.chainId),
    m.provider?.id,
  ].filter((id) => typeof id === 'string');

const COMMANDS = ['exec', 'shell', 'spawn', 'runcommand', 'runscript', 'subprocess', 'systemcall', 'eval'];
const endsInCommand = (id: string): boolean =>
  COMMANDS.includes((id.split('.').pop() ?? '').replaceAll('-', '').replaceAll('_', '').toLowerCase());
const beginsWith = (id: string, ...scopes: string[]): boolean =>
  scopes.includes((id.split('.')[0] ?? '').toLowerCase()) && id.includes('.');

const runsCommands = (m: Loose): boolean =>
  [...givenIds(m), ...(m.nodes ?? []).map((each: Loose) => each.mcp?.toolName ?? '')].some(
    (id) => beginsWith(id, 'core', 'openwop') && endsInCommand(id),
  ) ||
  Object.keys(m.peerDependencies ?? {}).some(
    (name) => beginsWith(name, 'host', 'core', 'openwop') && endsInCommand(name),
  );

const staysLocal = (m: Loose): boolean => givenIds(m).some((id) => beginsWith(id, 'local'));

const misnamesExtension = (m: Loose): boolean =>
  Object.keys(m.peerDependencies ?? {})
    .filter((name) => name.toLowerCase().startsWith('x-host'))
    .some((name) => {
      const [x, host, vendor = '', ...rest] = name.split('-');
      const isPart = (text: string) => /^[a-z0-9]+$/.test(text);
      return !(
        x === 'x' &&
        host === 'host' &&
        /^[a-z]/.test(vendor) &&
        [vendor, ...rest].every(isPart) &&
        rest.length > 0
      );
    });

/** A reading of each stricter rule that shares no code with ours. */
export const STRICTER: Readonly<Record<string, (manifest: JsonValue) => boolean>> = {
  'unique-ids': repeatedIds,
  'connector-actions': strayAction,
  'sub-chain-cycle': composesItself,
  'engine-major-1': excludesMajor1,
  'reserved-peers': asksReserved,
  'exec-class': runsCommands,
  'local-ids': staysLocal,
  'host-extension-names': misnamesExtension,
};

/** The manifest as the public schemas would like it: a connection pack without its signing block. */
export const unsignedConnection = (manifest: JsonObject): JsonObject => {
  if (manifest.kind !== 'connection') return manifest;
  const { signing, ...rest } = manifest;
  return rest;
};
