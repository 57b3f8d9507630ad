// The ceiling for reads: node:http serving bytes from memory and doing nothing else.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const documents = new Map<string, Buffer>(
  (JSON.parse(process.argv[2] ?? '[]') as [string, string][]).map(([path, base64]) => [
    path,
    Buffer.from(base64, 'base64'),
  ]),
);

const server = createServer((req, res) => {
  const bytes = documents.get(req.url ?? '');
  res.writeHead(bytes === undefined ? 404 : 200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': bytes?.length ?? 0,
  });
  res.end(bytes);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
