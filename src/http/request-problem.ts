// What is wrong with a request whatever it asks for.
import type { IncomingMessage } from 'node:http';
import { type Fault, fault } from '../protocol/faults.ts';
import { versionProblem } from './protocol-version.ts';

/** More than any client of ours, or any proxy in front of us, sends. */
const MAX_HEADERS = 100;

/** Only addresses on this server, in visible characters; everything else a proxy may read differently. */
const isSaneTarget = (url: string): boolean => /^\/[!-~]*$/.test(url) && !url.includes('%00');

export const requestProblem = (req: IncomingMessage): Fault | undefined => {
  const url = req.url ?? '';
  if (!isSaneTarget(url)) return fault('validation_error', {}, 'The address is none of this server.');
  if (req.rawHeaders.length > MAX_HEADERS * 2) return fault('headers_too_large', { maxHeaders: MAX_HEADERS });
  // RFC 9112 §3.2
  if (req.headers.host === undefined && req.httpVersion === '1.1')
    return fault('validation_error', { header: 'Host' }, 'A request names its Host.');
  return versionProblem(url, req.headers['openwop-version']?.toString());
};
