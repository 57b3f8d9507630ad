// Reads an upstream out of an export: the same questions as over a network, and nobody is asked but the file.
import { exportTransport } from '../../client/export-file/export-transport.ts';
import type { ExportFile } from '../../client/export-file/open-export.ts';
import { TransportError } from '../../network/transport-error.ts';
import { SyncEnd } from '../trouble.ts';
import type { UpstreamReader } from '../upstream-fetch.ts';

export const exportReader = (file: ExportFile, quit: AbortSignal): UpstreamReader => {
  const base = file.head.registry;
  let spent = 0;
  const get: UpstreamReader['get'] = async (path, maxBytes) => {
    if (quit.aborted) throw new SyncEnd('shutting_down');
    if ((file.sizeOf(path) ?? 0) > maxBytes)
      throw new TransportError('too_large', { url: base + path, maxBytes });
    const body = await file.read(path);
    spent += body?.length ?? 0;
    return body === undefined ? { kind: 'absent' } : { kind: 'fresh', body, etag: undefined };
  };
  return { base, get, transport: exportTransport(file, async () => undefined), spent: () => spent };
};
