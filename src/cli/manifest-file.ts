// Reads pack.json strictly, wherever it comes from. Pure.
import type { JsonObject } from '../../keys/canonical.ts';
import { strictObjectOf } from '../client/strict-object.ts';
import { fault } from '../protocol/faults.ts';

/** @throws Fault `tarball_manifest_missing`, or `tarball_manifest_not_json` saying where it stops being that */
export const readManifest = (bytes: Uint8Array | undefined): JsonObject => {
  if (bytes === undefined) throw fault('tarball_manifest_missing');
  const read = strictObjectOf(bytes);
  if (read.ok) return read.object;
  const { offset, message } = read.problem;
  throw fault('tarball_manifest_not_json', { offset }, `pack.json is not strict JSON: ${message}.`);
};
