// Tells a supervisor whether the process lives and whether it can do its work.
import type Router from '@koa/router';

/** Each check rejects while the part it names cannot be used. */
export type Checks = Readonly<Record<string, () => Promise<unknown>>>;

const CHECK_MS = 3_000;
const SHARED_MS = 1_000;

const withinTime = (work: Promise<unknown>): Promise<unknown> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};

const ask = async ([name, check]: [string, () => Promise<unknown>]): Promise<[string, 'ok' | 'failed']> => {
  try {
    await withinTime(check());
    return [name, 'ok'];
  } catch {
    return [name, 'failed'];
  }
};

/** Asking costs real work, so that all who ask within a moment share one answer. */
const shared = <T>(work: () => Promise<T>): (() => Promise<T>) => {
  let asked = Number.NEGATIVE_INFINITY;
  let answer: Promise<T> | undefined;
  return () => {
    if (answer === undefined || performance.now() - asked > SHARED_MS) {
      asked = performance.now();
      answer = work();
    }
    return answer;
  };
};

/** @param isDraining whether the process is about to end: others are to be asked from then on. */
export const addHealthRoutes = (router: Router, checks: Checks, isDraining = () => false): void => {
  const readiness = shared(async () =>
    Object.fromEntries(await Promise.all(Object.entries(checks).map(ask))),
  );
  router.get('/healthz', (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { status: 'ok' };
  });
  router.get('/readyz', async (ctx) => {
    ctx.set('Cache-Control', 'no-store');
    if (isDraining()) {
      ctx.status = 503;
      ctx.body = { status: 'draining', parts: {} };
      return;
    }
    const parts = await readiness();
    const ready = Object.values(parts).every((state) => state === 'ok');
    ctx.status = ready ? 200 : 503;
    ctx.body = { status: ready ? 'ok' : 'failed', parts };
  });
};
