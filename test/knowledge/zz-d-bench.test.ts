// Temporary measurement.
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { Session } from 'node:inspector/promises';
const top = (profile: any) => { const self = new Map<string, number>(); const dt = profile.timeDeltas; const byId = new Map(profile.nodes.map((n: any) => [n.id, n])); profile.samples.forEach((id: number, at: number) => { const n: any = byId.get(id); const k = `${n.callFrame.functionName || '(anon)'} ${n.callFrame.url.split('/').slice(-2).join('/')}:${n.callFrame.lineNumber}`; self.set(k, (self.get(k) ?? 0) + dt[at]); }); const all = [...self].sort((a, b) => b[1] - a[1]); return all.slice(0, 28).map(([k, v]) => `${(v / 1000).toFixed(0)}ms ${k}`).join('\n'); };
import { envelopeText, signEnvelope } from '../../keys/envelope.ts';
import { cidOf } from '../../src/protocol/cid.ts';
import { type ArchivedItem, writeVersionCar } from '../../src/protocol/knowledge/car.ts';
import { walkContent } from '../../src/protocol/knowledge/content-walk.ts';
import { encodeEntry, entryCid } from '../../src/protocol/knowledge/entry.ts';
import { encodeVersion, versionCid, versionEnvelope } from '../../src/protocol/knowledge/version.ts';
import { buildTree } from '../../src/protocol/merkle-tree/merkle-tree.ts';
import { KNOWLEDGE_TREE } from '../../src/protocol/merkle-tree/profile.ts';
import { inPieces } from '../../src/protocol/pieces.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { startNode } from './archive-world.ts';

const COUNT = Number(process.env['COUNT'] ?? 20_000);
const WORDS = Array.from({ length: 5_000 }, (_, at) => `word${(at * 7919) % 5000}`);
const pathOf = (at: number) => `page-${String(at).padStart(7, '0')}.md`;
const textOf = (at: number) => {
  let s = `# Page ${at}\n`;
  for (let n = 0; n < 120; n += 1) s += `${WORDS[(at * 31 + n * n * 17) % 5000]} `;
  return Buffer.from(s);
};

it('bench', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'attestry-bench-'));
  const blobs = await openDiskStore(join(dir, 'blobs'));
  const node = await startNode({ blobs, importMs: 900_000, importing: (deps) => ({ ...deps, record: async (a, w) => { const t = performance.now(); const r = await deps.record(a, w); console.log('tx s', (performance.now() - t) / 1000); return r; } }) });
  try {
    const nodes = new Map<string, Uint8Array>();
    let bytes = 0;
    function* leaves() {
      for (let at = 0; at < COUNT; at += 1) {
        const t = textOf(at);
        bytes += t.length;
        yield {
          path: pathOf(at) as never,
          value: entryCid({ blob: cidOf('raw', t), size: t.length, mediaType: 'text/markdown', meta: {} }),
        };
      }
    }
    const tree = buildTree(KNOWLEDGE_TREE, leaves());
    let step = tree.next();
    for (; !step.done; step = tree.next()) nodes.set(step.value.cid, step.value.bytes);
    const block = encodeVersion({
      v: 1,
      kb: node.id,
      seq: 1,
      parent: null,
      content: step.value,
      profile: KNOWLEDGE_TREE.name,
      entries: COUNT,
      bytes,
      policyVersion: 1,
      contribution: 'contribution:acme.example:claims:handbook:01jzzzzzzzzzzzzzzzzzzzzzzz' as never,
      proposer: 'human:acme.example:author' as never,
      createdAt: '2026-06-01T08:00:00.000Z',
    });
    const envelope = envelopeText(await signEnvelope(versionEnvelope(block), [node.signer]));
    async function* items(): AsyncGenerator<ArchivedItem> {
      for await (const s of walkContent({ get: async (cid) => nodes.get(cid) }, step.value as never)) {
        if (s.kind === 'node') {
          yield s;
          continue;
        }
        const t = textOf(Number(s.path.slice(5, 12)));
        const entry = { blob: cidOf('raw', t), size: t.length, mediaType: 'text/markdown', meta: {} };
        yield {
          kind: 'entry',
          path: s.path,
          entry,
          block: { cid: s.cid, bytes: encodeEntry(entry) },
          document: (async function* () {
            yield t;
          })(),
        };
      }
    }
    const file = join(dir, 'x.car');
    await pipeline(
      Readable.from(inPieces(writeVersionCar({ block, envelope }, items()))),
      createWriteStream(file),
    );
    console.log('car bytes', statSync(file).size, 'docs', COUNT);
    (globalThis as any).gc?.();
    const before = process.memoryUsage().rss;
    let peak = before;
    let ticks: string[] = []; const tick = setInterval(() => { const m = process.memoryUsage(); ticks.push(`${(m.rss/1e6).toFixed(0)}/${(m.heapUsed/1e6).toFixed(0)}/${(m.external/1e6).toFixed(0)}`); }, 5_000);
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
    }, 20);
    
    let started = performance.now();
    const reply = await fetch(`${node.url}${node.at('/import')}?version=${versionCid(block)}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${node.operator.token}`, 'Content-Type': 'application/vnd.ipld.car' },
      body: Readable.toWeb(createReadStream(file)) as never,
      duplex: 'half',
    } as never);
    
    console.log(reply.status, JSON.stringify(await reply.json()));
    console.log('import s', (performance.now() - started) / 1000, 'rss +MB', (peak - before) / 1e6);
    clearInterval(tick); console.log('rss/heap/external MB every 5 s:', ticks.join(' '));
    for (const format of ['car']) {
      
      peak = process.memoryUsage().rss;
      const b = peak;
      started = performance.now();
      const r = await fetch(`${node.url}${node.at(`/versions/current/export/${format}`)}`, {
        headers: { Authorization: `Bearer ${node.reader.token}` },
      });
      let n = 0;
      let first = 0;
      for await (const c of r.body as any) {
        if (n === 0) first = performance.now() - started;
        n += c.length;
      }
      console.log(
        format,
        'export s',
        (performance.now() - started) / 1000,
        'first ms',
        first,
        'bytes',
        n,
        'rss +MB',
        (peak - b) / 1e6,
      );
    }
    clearInterval(watch);
    expect(reply.status).toBe(202);
  } finally {
    await node.stop();
    rmSync(dir, { recursive: true });
  }
}, 1_000_000);
