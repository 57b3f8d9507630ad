// The hash of a list of entries that is too long to be held: `hashOfList`, fed one entry after the other. Pure.
import { utf8 } from '../../../keys/bytes.ts';
import { canonicalText } from '../../../keys/canonical.ts';
import { startDigest } from '../../../storage/digest.ts';
import type { NamedDigest } from './changes.ts';

export interface RunningList {
  /** @param digest of the document's bytes */
  readonly add: (path: string, digest: NamedDigest) => void;
  /** To be called once. */
  readonly finish: () => NamedDigest;
}

export const startListHash = (): RunningList => {
  const running = startDigest();
  let before = '[';
  return {
    add: (path, digest) => {
      running.update(utf8(before + canonicalText({ digest, path })));
      before = ',';
    },
    finish: () => {
      running.update(utf8(before === '[' ? '[]' : ']'));
      return `sha256:${running.finish()}`;
    },
  };
};
