// How long the body of a request may take to come: minutes, unless whoever takes it in knows that it is a long one.
import type { IncomingMessage } from 'node:http';
import { hasBody } from './body.ts';

/** No request whatever may take longer than this. */
export const LONGEST_UPLOAD_MS = 6 * 60 * 60 * 1_000;

const running = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/** Cuts the connection unless all of the body has come by then. */
export const limitUpload = (req: IncomingMessage, ms: number): void => {
  if (!hasBody(req)) return;
  clearTimeout(running.get(req));
  const late = setTimeout(() => {
    if (!req.complete) req.socket.destroy();
  }, ms).unref();
  running.set(req, late);
  req.once('close', () => clearTimeout(late));
};

/**
 * For a body that may take long, and an answer that is long in the making: from now on so many milliseconds. Whoever
 * allows that sees to it that the body keeps a pace.
 */
export const allowTime = (req: IncomingMessage, ms: number): void => {
  limitUpload(req, ms);
  req.socket.setTimeout(ms);
};
