// Ends things one after the other, none for the failure of another. Pure.

/** Each is tried, whatever became of those before it; the first failure is thrown at the end. */
export const inOrder = async (steps: readonly (() => Promise<unknown>)[]): Promise<void> => {
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
};
