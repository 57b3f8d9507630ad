// Keeps up with what an upstream says of its keys: how they stand there now, and which versions that makes doubtful.
import { REVOKED } from './examine.ts';
import { MOST_FLAWS } from './flaw-store.ts';
import { followKeys, signedAndUnnoted } from './key-store.ts';
import { noteFlaw, type Run } from './run.ts';

/** What a key signed stays served: whether it did so before it was stolen is for the operator to judge. */
const alarm = async (run: Run, revoked: ReadonlyMap<string, string>): Promise<void> => {
  if (revoked.size === 0) return;
  const found = await signedAndUnnoted(run.the.sql, run.upstream.url, [...revoked.keys()], MOST_FLAWS);
  for (const { keyId, ...version } of found)
    await noteFlaw(run, {
      ...{ ...version, kind: 'alarm', code: 'key_revoked', evidence: { keyId, status: revoked.get(keyId) } },
      message: 'Upstream revoked the key that signed this version: yank it here unless you know better.',
    });
};

/** Also where no list of versions changed. */
export const watchKeys = async (run: Run): Promise<void> => {
  const { the, upstream, layout } = run;
  if (layout.keys === undefined) return;
  const listed = [...layout.keys.values()];
  const revoked = listed.filter(({ status }) => REVOKED.has(status));
  await alarm(run, new Map(revoked.map(({ keyId, status }) => [keyId, status])));
  for (const keyId of await followKeys(the.sql, upstream.url, listed)) the.announce(`key:${keyId}`);
};
