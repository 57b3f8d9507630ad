// Pure. What stands beside a lockfile, whose own form is closed: what was asked for, and which state of which log it is of.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { at, listOf, objectOf, textOf } from '../../protocol/manifest/read.ts';
import { type Refusal, refusal } from '../refusal.ts';
import { strictObjectOf } from '../strict-object.ts';

/** A head of a log, by which everybody can tell later whether it went on from there. */
export interface LockedLog {
  /** Base address of the registry it was read at. */
  readonly registry: string;
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** The signed note. */
  readonly note: string;
  /** Where the set was chosen as of an earlier state than that head. */
  readonly asOf?: { readonly size: number; readonly root: string } | undefined;
}

export interface Companion {
  /** As they were asked for: `NAME@RANGE`. */
  readonly wishes: readonly string[];
  readonly logs: readonly LockedLog[];
  /** Base address of the registry that each pack is from, by name. */
  readonly registries: Readonly<Record<string, string>>;
}

const invalid = (where: string): Refusal =>
  refusal('registry', 'pack_lockfile_invalid', { where, file: 'the .attestry.json beside the lockfile' });

const need = (value: JsonValue | undefined, where: string): string => {
  const text = textOf(value);
  if (text === undefined) throw invalid(where);
  return text;
};

const sizeOf = (value: JsonValue | undefined, where: string): number => {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw invalid(where);
  return Number(value);
};

const logIn = (value: JsonValue, where: string): LockedLog => {
  const textAt = (member: string): string => need(at(value, member), `${where}/${member}`);
  const asOf = objectOf(at(value, 'asOf'));
  return {
    registry: textAt('registry'),
    origin: textAt('origin'),
    vkey: textAt('vkey'),
    size: sizeOf(at(value, 'size'), `${where}/size`),
    root: textAt('root'),
    note: textAt('note'),
    ...(asOf && {
      asOf: {
        size: sizeOf(asOf['size'], `${where}/asOf/size`),
        root: need(asOf['root'], `${where}/asOf/root`),
      },
    }),
  };
};

/** @throws Refusal `pack_lockfile_invalid` */
export const parseCompanion = (bytes: Uint8Array): Companion => {
  const read = strictObjectOf(bytes);
  if (!read.ok || read.object['format'] !== 1) throw invalid('/format');
  const { wishes, logs, registries } = read.object;
  const bases = Object.entries(objectOf(registries) ?? {});
  return {
    wishes: listOf(wishes).map((each, place) => need(each, `/wishes/${place}`)),
    logs: listOf(logs).map((each, place) => logIn(each, `/logs/${place}`)),
    registries: Object.fromEntries(bases.map(([name, base]) => [name, need(base, `/registries/${name}`)])),
  };
};

const byRegistry = (a: LockedLog, b: LockedLog): number => (a.registry < b.registry ? -1 : 1);

const logJson = ({ registry, origin, vkey, size, root, note, asOf }: LockedLog): JsonObject => ({
  registry,
  origin,
  vkey,
  size,
  root,
  note,
  ...(asOf && { asOf: { size: asOf.size, root: asOf.root } }),
});

export const companionText = ({ wishes, logs, registries }: Companion): string => {
  const document: JsonObject = {
    format: 1,
    wishes: [...wishes].sort(),
    logs: [...logs].sort(byRegistry).map(logJson),
    registries: Object.fromEntries(Object.entries(registries).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
};
