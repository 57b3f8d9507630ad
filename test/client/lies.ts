// Lies that a host is told, and what must not have come of them.
import { expect } from 'vitest';
import type { Refusal } from '../../src/client/index.ts';
import type { MadePack } from '../world/packs.ts';
import type { StaticRegistry } from '../world/static-registry.ts';
import { type Changes, type Host, registryWith, TOOLS } from './host.ts';
import { CHECKPOINT, type LoggedRegistry } from './logged.ts';
import { at, publisher } from './trusted.ts';

/** A version that no host has yet, so that it is asked about anew. */
export const TOOLS_2 = 'vendor.acme.tools@2.0.0';

/** A lie about the registry itself: refused, nothing installed, and what is remembered is what was remembered. */
export const refusedAtOpening = async (
  host: Host,
  registry: StaticRegistry,
  request = TOOLS,
  changes: Changes = at(),
): Promise<Refusal> => {
  const before = await host.store.recall();
  const refused = await host.refusal(registry, request, changes);
  expect(await host.store.recall()).toEqual(before);
  return refused;
};

/** A lie about one version: refused, nothing installed, and the head remembered is the one honestly served. */
export const refusedAtVersion = async (
  host: Host,
  registry: LoggedRegistry,
  request = TOOLS,
  changes: Changes = at(),
): Promise<Refusal> => {
  const refused = await host.refusal(registry, request, changes);
  const served = Buffer.from(registry.files.get(CHECKPOINT) ?? []).toString();
  expect((await host.store.recall())?.checkpoint?.note).toBe(served);
  return refused;
};

/** What was answered with "no" and why, for comparing. */
export const verdict = ({ question, code }: Refusal) => ({ question, code });

/** A plain OpenWOP registry with these packs: the same keys, nothing signed by a registrar, no log. */
export const withoutLog = (...packs: readonly MadePack[]): Promise<StaticRegistry> =>
  registryWith(packs, [{ publisher }]);

/** The assurance that a host gets from a registry, without asking for more. */
export const assuranceAt = async (
  host: Host,
  registry: StaticRegistry,
  request = TOOLS,
): Promise<string | undefined> => {
  const [pack] = await host.install(registry, request, at());
  return pack?.verified?.assurance;
};
