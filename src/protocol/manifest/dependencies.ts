// What a pack says it needs, and no host could ever give it: a range or a name that is none, or the pack itself. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Violation } from '../faults.ts';
import { nameKey, parsePackName } from '../pack-id.ts';
import { parseRange } from '../semver-range.ts';
import { at, clipped, objectOf, pointer, textOf } from './read.ts';
import { violation } from './violations.ts';

/** So many are looked at, which is more than a host reads. */
const MOST = 1_000;

const doubtsOf = (own: string, name: string, range: string): readonly string[] => {
  if (nameKey(name) === nameKey(own)) return ['is the pack itself: no host can install what needs itself'];
  return [
    ...(parsePackName(name).ok ? [] : ['is no name that a pack can have: nothing of that name can be found']),
    ...(parseRange(range) === undefined
      ? [`"${clipped(range)}" is no range of versions: no version satisfies it; write one as in ^1.2.0`]
      : []),
  ];
};

/** The specification lets such a pack be published, so it is worth a warning and no refusal. */
export const hopelessNeeds = (manifest: JsonValue): readonly Violation[] => {
  const own = textOf(at(manifest, 'name')) ?? '';
  const entries = Object.entries(objectOf(at(manifest, 'dependencies')) ?? {}).slice(0, MOST);
  return entries.flatMap(([name, range]) =>
    doubtsOf(own, name, textOf(range) ?? '').map((message) =>
      violation('invalid_manifest', pointer('dependencies', name), message),
    ),
  );
};
