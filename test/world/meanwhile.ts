// Something that goes on all the while that something else is looked at.

/** Repeats `act` for as long as `work` takes; it has ended when this does, whichever of the two fails. */
export const meanwhile = async <T>(
  act: (at: number) => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> => {
  let running = true;
  const busy = (async () => {
    for (let at = 0; running; at += 1) await act(at);
  })();
  // Met again below.
  busy.catch(() => undefined);
  try {
    return await work();
  } finally {
    running = false;
    await busy;
  }
};
