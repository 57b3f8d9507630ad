// Which tree of the registry a path belongs to. Pure.
import type { Tree } from '../protocol/faults.ts';

/** `/v2/…` and the seams of v2 answer with the registered v2 codes, everything else with ours. */
export const treeOf = (path: string): Tree => (/^\/(?:v2|conformance)\//.test(path) ? 'v2' : 'v1');
