// Starts the files that take longest before all others, so that at the end no core waits for the last of them.
import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { ROOT } from './source.ts';

/** The runner remembers what a file took; in a new checkout it knows only their sizes, and these do not show it. */
const HEAVY = [
  'test/upkeep/fsck-knowledge.test.ts',
  'test/upkeep/restore-refused.test.ts',
  'test/upkeep/backup-knowledge.test.ts',
  'test/journeys/readme.test.ts',
  'test/client/install-crash.test.ts',
  'test/transparency/killed-sealer.test.ts',
  'test/cli/kb.test.ts',
  'test/upkeep/fsck-running.test.ts',
  'test/upkeep/fsck-log.test.ts',
  'test/upkeep/gc-knowledge.test.ts',
  'test/upkeep/operator-commands.test.ts',
  'test/upkeep/backup.test.ts',
  'test/upkeep/gc.test.ts',
  'test/upkeep/fsck-trust.test.ts',
  'test/upkeep/fsck-versions.test.ts',
  'test/mirror/many.test.ts',
  'test/packs/lifecycle-race.test.ts',
  'test/packs/unpublish.test.ts',
  'test/http/idempotency-crash.test.ts',
  'test/transparency/sealing-crash.test.ts',
];

const rankOf = ({ moduleId }: TestSpecification): number => {
  const place = HEAVY.indexOf(relative(ROOT, moduleId).replaceAll('\\', '/'));
  return place < 0 ? HEAVY.length : place;
};

export class HeavyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b));
  }
}
