// The document in which hosts say what they can, as far as a registry that is no host has anything to say there.
import { jsonDocument } from '../../http/document.ts';
import type { Tree } from '../../protocol/faults.ts';
import { BASES } from './test-catalogue.ts';

export interface HostFacts {
  readonly testNamespace: boolean;
  /** The profiles of OpenWOP that are kept here (v1 spelling). */
  readonly auth: Readonly<Record<string, unknown>>;
}

const testMode = {
  supported: true,
  isolated: true,
  catalogResetEndpoint: `${BASES.v1}/-/reset`,
  scopes: ['core', 'vendor', 'community'],
};

/** Runs nothing, so that what it may run at most is nothing (schemas/capabilities). */
const NOTHING_RUNS = {
  supportedEnvelopes: [],
  schemaVersions: {},
  limits: { clarificationRounds: 0, schemaRounds: 0, envelopesPerTurn: 0 },
};

/** Some readers look for a family at the root, others below `capabilities` only. */
const asV1 = ({ testNamespace, auth }: HostFacts) => ({
  protocolVersion: '1.0',
  ...NOTHING_RUNS,
  auth,
  ...(testNamespace ? { packs: { testMode }, capabilities: { packs: { testMode } } } : {}),
});

/** Presence is the claim in v2: the seam is the only way in which packs are resolved here as by a host. */
const asV2 = ({ testNamespace }: HostFacts) => ({
  protocolVersions: ['1.0', '2.0'],
  preferredVersion: '2.0',
  implementation: { name: 'attestry' },
  ...(testNamespace
    ? {
        packs: { status: 'stable', since: '2.0', witness: 'seam-gated' },
        conformance: { seamsProfile: 'openwop-conformance-seams-v2' },
      }
    : {}),
});

export const hostDiscovery = (facts: HostFacts, tree: Tree) =>
  jsonDocument(tree === 'v1' ? asV1(facts) : asV2(facts));
