// Whether a manifest's engine range admits the protocol major of the tree it is published in. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { admitsMajor, isV2EngineRange, parseRange } from '../semver-range.ts';
import { at, clipped, textOf } from './read.ts';
import { violation } from './violations.ts';

const refused = (message: string): readonly Violation[] => [
  violation('pack_engine_unsupported', '/engines/openwop', message),
];

const checkV1 = (text: string): readonly Violation[] => {
  if (parseRange(text) === undefined) return refused(`"${clipped(text)}" is no version range`);
  return admitsMajor(text, 1) ? [] : refused(`"${clipped(text)}" admits no version of protocol major 1`);
};

const checkV2 = (text: string): readonly Violation[] => {
  if (!isV2EngineRange(text))
    return refused(`"${clipped(text)}" is not of the form ">=a.b.c <M.0.0"; the upper bound must be written`);
  return admitsMajor(text, 2) ? [] : refused(`"${clipped(text)}" admits no version of protocol major 2`);
};

/** v2 packs.md, The engine range; v1 takes any range, but a v1 publish must admit major 1. */
export const checkEngines = (manifest: JsonValue, tree: Tree): readonly Violation[] => {
  const text = textOf(at(manifest, 'engines', 'openwop')) ?? '';
  return tree === 'v1' ? checkV1(text) : checkV2(text);
};
