// Does the same for each of many things and hands over the outcomes in their order, a few of them begun beforehand.

/**
 * At most `most` are begun and not handed over yet. The first failure, in the order of the things, is thrown; whoever
 * stops asking waits for those that were begun, and lets go of the source.
 */
export async function* ahead<T, Outcome>(
  items: AsyncIterable<T>,
  most: number,
  act: (item: T) => Promise<Outcome>,
): AsyncGenerator<Outcome, void, void> {
  const source = items[Symbol.asyncIterator]();
  const begun: Promise<Outcome>[] = [];
  const beginNext = async (): Promise<boolean> => {
    const next = await source.next();
    if (next.done === true) return false;
    const outcome = act(next.value);
    outcome.catch(() => undefined);
    begun.push(outcome);
    return true;
  };
  let isMore = true;
  try {
    while (isMore || begun.length > 0) {
      while (isMore && begun.length < most) isMore = await beginNext();
      const first = begun.shift();
      if (first !== undefined) yield await first;
    }
  } finally {
    await Promise.allSettled(begun);
    if (isMore) await source.return?.();
  }
}
