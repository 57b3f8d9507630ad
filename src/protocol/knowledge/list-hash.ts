// The hash of a list of entries that is too long to be held: `hashOfList`, fed one entry after the other. Pure.
import { utf8 } from '../../../keys/bytes.ts';
import { canonicalText } from '../../../keys/canonical.ts';
import { startDigest } from '../../../storage/digest.ts';
import { type NamedDigest, namedDigestOfCid } from './changes.ts';
import type { RetrievedEntry } from './retrieved.ts';

export interface RunningList {
  readonly add: (entry: RetrievedEntry) => void;
  /** To be called once. */
  readonly finish: () => NamedDigest;
}

export const startListHash = (): RunningList => {
  const running = startDigest();
  let before = '[';
  return {
    add: ({ path, blob }) => {
      running.update(utf8(before + canonicalText({ digest: namedDigestOfCid(blob), path })));
      before = ',';
    },
    finish: () => {
      running.update(utf8(before === '[' ? '[]' : ']'));
      return `sha256:${running.finish()}`;
    },
  };
};
