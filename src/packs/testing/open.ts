// Wires the test catalogue, where the operator wants one, and the document that tells conformance suites of it.
import type Router from '@koa/router';
import { admission } from '../../http/admission.ts';
import { VERSION_HEADER } from '../../http/protocol-version.ts';
import { replyWith } from '../../http/reply.ts';
import type { Pace } from '../../http/steady.ts';
import { type ClearDeps, resetTests, sweepTestCatalogue, unpublishTest } from './clear-tests.ts';
import { type HostFacts, hostDiscovery } from './host-discovery.ts';
import { publishTest, type TestPublishDeps } from './publish-test.ts';
import { addTestRoutes } from './routes.ts';
import { readTestPack, readTestPart } from './test-catalogue.ts';
import { majorAsked, VERSION_OF_TREE } from './version-header.ts';

export interface TestingDeps extends Omit<TestPublishDeps, 'admit'>, ClearDeps, HostFacts {
  /** What an upload has to keep up. */
  readonly pace: Pace;
}

/** Each holds its tarball in memory until it is a row. */
const MAX_UPLOADS = 8;
const MAX_UPLOADS_OF_ACCOUNT = 4;
const SWEEP_MS = 60 * 60 * 1_000;

const addHostDiscovery = (router: Router, facts: HostFacts): void => {
  router.get('/.well-known/openwop', async (ctx) => {
    const major = majorAsked(ctx.headers[VERSION_HEADER.toLowerCase()]?.toString());
    ctx.vary(VERSION_HEADER);
    ctx.set(VERSION_HEADER, VERSION_OF_TREE[major]);
    replyWith(ctx, hostDiscovery(facts, major));
  });
};

export const openTesting = (the: TestingDeps) => ({
  addRoutes: (router: Router): void => {
    addHostDiscovery(router, the);
    if (!the.testNamespace) return;
    addTestRoutes(router, {
      publishTest: publishTest({
        ...the,
        admit: admission({ most: MAX_UPLOADS, mostOfOne: MAX_UPLOADS_OF_ACCOUNT }),
      }),
      readTestPart: readTestPart(the),
      readTestPack: readTestPack(the),
      unpublishTest: unpublishTest(the),
      resetTests: resetTests(the),
      pace: the.pace,
    });
  },
  /** Also where the catalogue was closed with something in it. */
  chores: [{ name: 'test catalogue', everyMs: SWEEP_MS, run: sweepTestCatalogue(the) }],
});
