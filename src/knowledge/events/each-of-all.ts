// Does the same for each of many things: one that fails holds up no other, and is told at the end.

/** Rejects with the first failure once all of them were tried. */
export const eachOfAll = async <T>(all: readonly T[], act: (each: T) => Promise<unknown>): Promise<void> => {
  const failures: unknown[] = [];
  for (const each of all) await act(each).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
};
