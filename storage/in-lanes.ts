// Does the same for each of many things, a few at a time, however many there are.

/** What is behind it may hold a file or a cursor; that it cannot be let go of is not what failed. */
const letGo = async (source: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> => {
  try {
    await source.return?.();
  } catch {
    // The first failure is thrown.
  }
};

/**
 * Each item is taken when there is room for it. After a failure, of the source or of the work, none is begun; the first
 * failure is thrown once what is under way has ended.
 */
export const inLanes = async <T>(
  items: Iterable<T> | AsyncIterable<T>,
  lanes: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> => {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (failures.length === 0) {
      const next = await source.next();
      if (next.done === true || failures.length > 0) return;
      await act(next.value);
    }
  };
  const fail = (error: unknown): void => void failures.push(error);
  await Promise.all(Array.from({ length: lanes }, () => lane().catch(fail)));
  if (failures.length === 0) return;
  await letGo(source);
  throw failures[0];
};
