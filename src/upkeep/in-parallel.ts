// Does the same work for many things, a few at a time, however many there are.

/** Each item is taken when there is room for it. After a failure none is begun; the first failure is thrown at the end. */
export const inParallel = async <T>(
  items: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> => {
  const running = new Set<Promise<unknown>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    const act: Promise<unknown> = work(item)
      .catch((error: unknown) => failures.push(error))
      .finally(() => running.delete(act));
    running.add(act);
    if (running.size >= width) await Promise.race(running);
    if (failures.length > 0) break;
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
};
