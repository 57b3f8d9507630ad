// Finds chains of a pack that compose themselves through one another. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Violation } from '../faults.ts';
import { at, clipped, listOf, pointer, textOf } from './read.ts';
import { violation } from './violations.ts';

interface Call {
  readonly to: string;
  readonly where: string;
}

/** A sibling is named by its id alone, or spelled out with the name of this very pack. */
const siblingOf = (ref: JsonValue | undefined, ownName: string | undefined): string | undefined =>
  textOf(ref) ?? (at(ref, 'packName') === ownName ? textOf(at(ref, 'chainId')) : undefined);

const callsOf = (manifest: JsonValue): ReadonlyMap<string, readonly Call[]> => {
  const ownName = textOf(at(manifest, 'name'));
  const chains = listOf(at(manifest, 'chains')).map((chain, chainIndex): [string, Call[]] => {
    const calls = listOf(at(chain, 'subChains')).flatMap((sub, index): Call[] => {
      const to = siblingOf(at(sub, 'ref'), ownName);
      return to === undefined
        ? []
        : [{ to, where: pointer('chains', chainIndex, 'subChains', index, 'ref') }];
    });
    return [textOf(at(chain, 'chainId')) ?? '', calls];
  });
  return new Map(chains);
};

interface Step {
  readonly chain: string;
  readonly left: Call[];
}

/** One violation per call that closes a circle (RFC 0133). The walk keeps its own path: a pack may nest deeply. */
export const subChainCycles = (manifest: JsonValue): readonly Violation[] => {
  const calls = callsOf(manifest);
  const found: Violation[] = [];
  const done = new Set<string>();
  const onPath = new Set<string>();
  const path: Step[] = [];
  const enter = (chain: string): void => {
    if (done.has(chain) || !calls.has(chain)) return;
    onPath.add(chain);
    path.push({ chain, left: [...(calls.get(chain) ?? [])].reverse() });
  };
  const leave = (chain: string): void => {
    path.pop();
    onPath.delete(chain);
    done.add(chain);
  };
  for (const start of calls.keys()) {
    enter(start);
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const call = step.left.pop();
      if (call === undefined) leave(step.chain);
      else if (onPath.has(call.to))
        found.push(violation('sub_chain_cycle', call.where, `"${clipped(call.to)}" composes itself`));
      else enter(call.to);
    }
  }
  return found;
};
