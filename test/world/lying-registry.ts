// The ways in which a registry can lie on the wire, by name.
import type { Lie } from './static-registry.ts';

const FILLER = Buffer.alloc(64 * 1024, 0x20);
const DRIP_MS = 20;

/** Never ends, as fast as it is taken. */
export const endlessBody: Lie = (response) => {
  response.writeHead(200);
  const pour = (): void => {
    while (!response.destroyed && response.write(FILLER));
    if (!response.destroyed) response.once('drain', pour);
  };
  pour();
};

/** Never ends either, one byte at a time: always alive, never done. */
export const drippingBody: Lie = (response) => {
  response.writeHead(200);
  const drip = setInterval(() => response.write(' '), DRIP_MS);
  response.once('close', () => clearInterval(drip));
};

/** Begins, and then says nothing more. */
export const silentBody: Lie = (response, honest) => {
  response.writeHead(200);
  response.write(honest.subarray(0, 10));
};

export const neverAnswers: Lie = () => {};

/** Announces more than it sends, and hangs up. */
export const cutOff: Lie = (response, honest) => {
  response.writeHead(200, { 'content-length': honest.length + 100 });
  response.write(honest);
  setTimeout(() => response.destroy(), DRIP_MS);
};

export const redirectTo =
  (location: string): Lie =>
  (response) => {
    response.writeHead(302, { location });
    response.end();
  };

export const encodedAs =
  (encoding: string): Lie =>
  (response, honest) => {
    response.writeHead(200, { 'content-encoding': encoding });
    response.end(honest);
  };

export const bodyOf =
  (bytes: Uint8Array | string): Lie =>
  (response) => {
    response.writeHead(200);
    response.end(bytes);
  };

export const statusOf =
  (status: number): Lie =>
  (response) => {
    response.writeHead(status);
    response.end('{"error":"no","message":"No."}');
  };
