// Many callers share one slow act.
import { expect, it } from 'vitest';
import { coalesce } from '../../storage/coalesce.ts';

/** An act whose runs end only when told to. */
const controlled = () => {
  const runs: { name: string; end: (failure?: Error) => void }[] = [];
  const shared = coalesce(
    (name) =>
      new Promise<void>((resolve, reject) => {
        runs.push({ name, end: (failure) => (failure ? reject(failure) : resolve()) });
      }),
  );
  return { runs, shared };
};
const settle = () => new Promise((resolve) => setImmediate(resolve));

it('runs once for the first caller and once for all who came meanwhile', async () => {
  const { runs, shared } = controlled();
  const first = shared('a');
  const rest = [shared('a'), shared('a'), shared('a')];
  expect(runs).toHaveLength(1);
  runs[0]?.end();
  await first;
  await settle();
  expect(runs).toHaveLength(2);
  runs[1]?.end();
  await Promise.all(rest);
  expect(runs).toHaveLength(2);
});

it('never lets a caller share a run that began before its call', async () => {
  const { runs, shared } = controlled();
  void shared('a');
  const late = shared('a');
  let done = false;
  void late.then(() => {
    done = true;
  });
  runs[0]?.end();
  await settle();
  expect(done).toBe(false);
  runs[1]?.end();
  await late;
});

it('has at most one run per name at work, and keeps names apart', async () => {
  let atWork = 0;
  let most = 0;
  let total = 0;
  const shared = coalesce(async () => {
    atWork += 1;
    total += 1;
    most = Math.max(most, atWork);
    await settle();
    atWork -= 1;
  });
  const wave = async () => {
    await Promise.all(Array.from({ length: 5 }, () => shared('a')));
    await shared('a');
  };
  await Promise.all([wave(), wave(), wave()]);
  expect(most).toBe(1);
  expect(total).toBeLessThan(10);
  const { runs, shared: other } = controlled();
  void other('a');
  void other('b');
  expect(runs.map((run) => run.name)).toEqual(['a', 'b']);
});

it('fails only those who shared the failed run', async () => {
  const { runs, shared } = controlled();
  const first = shared('a');
  const second = shared('a');
  runs[0]?.end(new Error('no'));
  await expect(first).rejects.toThrow('no');
  await settle();
  runs[1]?.end();
  await expect(second).resolves.toBeUndefined();
});
