// How long to wait before something is asked again (RFC 9110 section 10.2.3, its form in seconds). Pure.
import type { Reply } from './transport-error.ts';

/** As long as whoever was asked wants it; milliseconds, between `pause` and `longest`. */
export const waitFor = (reply: Reply | undefined, pause: number, longest: number): number => {
  const asked = Number(reply?.header?.('retry-after') ?? Number.NaN) * 1_000;
  return Number.isFinite(asked) ? Math.min(Math.max(asked, pause), longest) : pause;
};
