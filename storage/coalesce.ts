// Lets many callers share one slow act: per name one run at work and one waiting.

/**
 * Wraps `run` so that each caller gets a run that *started after its call*. Callers that come while a run is at work
 * share the single next one. A failed run fails those who share it, nobody else.
 */
export const coalesce = (run: (name: string) => Promise<void>): ((name: string) => Promise<void>) => {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();

  const start = (name: string): Promise<void> => {
    waiting.delete(name);
    const act = run(name).finally(() => running.delete(name));
    running.set(name, act);
    return act;
  };

  return (name) => {
    const next = waiting.get(name);
    if (next !== undefined) return next;
    const current = running.get(name);
    if (current === undefined) return start(name);
    const later = current.then(
      () => start(name),
      () => start(name),
    );
    waiting.set(name, later);
    return later;
  };
};
