// Whether the engine range of a pack admits a protocol version that the host speaks. Pure.
import { clipped } from '../manifest/read.ts';
import { admitsMajor, isV2EngineRange, parseRange } from '../semver-range.ts';
import { type HostView, versionsText } from './host.ts';
import type { PackNeeds } from './needs.ts';
import { degraded, type Said, unmet } from './said.ts';

const WHERE = '/engines/openwop';

/** Patches of a protocol version there are none of: any of its minor will do. */
const admitsMinor = (engines: string, major: number, minor: number): boolean => {
  const range = parseRange(engines);
  return range?.admits(`${major}.${minor}.0`) === true || range?.admits(`${major}.${minor}.999`) === true;
};

/**
 * packs.md (v2) §The engine range: what does not admit the major of the host is refused, and a range without an end ends
 * before 2. The specification compares majors only: a range that begins above the minor of the host is told, and no more.
 */
export const checkEngine = ({ engines, tree }: PackNeeds, host: HostView): readonly Said[] => {
  const needs = `openwop ${clipped(engines) || '(no range)'}`;
  const speaks = `speaks ${versionsText(host)}`;
  if (tree === 'v2' && !isV2EngineRange(engines))
    return [
      unmet('pack_engine_unsupported', WHERE, needs, `${speaks}; the range is not of the form >=1 <3.0.0`),
    ];
  const admitted = host.versions.filter(({ major }) => admitsMajor(engines, major));
  if (admitted.length === 0) return [unmet('pack_engine_unsupported', WHERE, needs, speaks)];
  if (admitted.some(({ major, minor }) => admitsMinor(engines, major, minor))) return [];
  return [degraded('pack_engine_unsupported', WHERE, needs, `${speaks}, which is an earlier or later minor`)];
};
