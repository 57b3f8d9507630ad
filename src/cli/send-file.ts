// Sends a file to the registry as one long body: never as a whole in memory, and nowhere but to its own address.
import { createReadStream } from 'node:fs';
import { ReadableStream } from 'node:stream/web';
import type { JsonObject } from '../../keys/canonical.ts';
import { type Digest, startDigest } from '../../storage/digest.ts';
import { registryBase } from '../client/network/http-url.ts';
import { strictObjectOf } from '../client/strict-object.ts';
import { TransportError } from '../network/transport-error.ts';
import { requireGood } from './ask.ts';
import type { Settings } from './command.ts';

export interface SentFile {
  readonly body: JsonObject;
  readonly sha256: Digest;
}

const ask = async (url: string, init: RequestInit): Promise<Response> => {
  try {
    return await fetch(url, { ...init, redirect: 'error' });
  } catch (error) {
    throw new TransportError('unreachable', { url, errno: String(error) }, error);
  }
};

/** @param path root-relative. @throws RegistryFault, TransportError */
export const sendFile = async (
  { url: registry, token }: Settings,
  path: string,
  type: string,
  file: string,
  onSent: (bytes: number) => void,
): Promise<SentFile> => {
  const url = registryBase(registry) + path;
  const digest = startDigest();
  const chunks = async function* () {
    let sent = 0;
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
      digest.update(chunk);
      sent += chunk.length;
      onSent(sent);
      yield chunk as Uint8Array;
    }
  };
  const headers = {
    ...{ accept: 'application/json', 'content-type': type },
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  // Node sends a stream only where it is told that the answer comes after it.
  const init = { method: 'POST', headers, body: ReadableStream.from(chunks()), duplex: 'half' };
  const response = await ask(url, init as unknown as RequestInit);
  const body = new Uint8Array(await response.arrayBuffer());
  requireGood({ status: response.status, url, body });
  const read = strictObjectOf(body);
  return { body: read.ok ? read.object : {}, sha256: digest.finish() };
};
