// What a reviewer is shown of a contribution: exactly what would be decided about, and nothing that could play tricks.
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../keys/bytes.ts';
import type { JsonObject } from '../../keys/canonical.ts';
import { RegistryFault } from '../../src/cli/failure.ts';
import type { KnowledgeRegistry } from '../../src/cli/kb/registry.ts';
import { showContribution } from '../../src/cli/kb/review.ts';
import { Refusal } from '../../src/client/refusal.ts';
import { type Cid, cidOf } from '../../src/protocol/cid.ts';
import { type KnowledgeChange, revisionDigest } from '../../src/protocol/knowledge/changes.ts';
import type { BaseId } from '../../src/protocol/knowledge/ids.ts';
import { parseKnowledgePath } from '../../src/protocol/knowledge-path.ts';

const BASE = 'kb:acme.example:claims:policy-wording' as BaseId;
const ID = 'contribution:acme.example:claims:policy-wording:01hzy0000000000000000000aa';

interface Proposed {
  readonly before?: string;
  readonly after?: string;
  readonly path?: string;
  readonly summary?: string;
}

/** A registry that shows one contribution; `bend` changes what it tells, `documents` what it gives out. */
const registryOf = (
  { before, after = 'new\n', path = 'a.md', summary = 'a change' }: Proposed,
  bend: (body: JsonObject) => JsonObject = (body) => body,
  documents: ReadonlyMap<string, string> = new Map(),
): KnowledgeRegistry => {
  const texts = new Map<string, string>();
  const sideOf = (text: string) => {
    const blob = cidOf('raw', utf8(text));
    texts.set(blob, text);
    return { blob, size: utf8(text).length, media_type: 'text/markdown' };
  };
  const side = sideOf(after);
  const entry = { blob: side.blob, size: side.size, mediaType: side.media_type, meta: {} };
  const changes: KnowledgeChange[] = [{ op: 'put', path: parseKnowledgePath(path), entry }];
  const revision = {
    revision: 1,
    revision_digest: revisionDigest(BASE, null, changes),
    base_version: null,
    changes: [{ op: 'put', path, ...side, meta: {} }],
    summary,
    confidence: null,
  };
  const body: JsonObject = { knowledge_base_id: BASE, state: 'in_review', revision, unmet_gates: [] };
  const diff = { differences: [{ path, before: before === undefined ? null : sideOf(before), after: side }] };
  const refuse = () => Promise.reject(new Error('nothing is written here'));
  return {
    read: async (address) => (address.endsWith('/diff') ? diff : bend(body)),
    bytes: async (address) => {
      const blob = address.split('/').at(-1) as Cid;
      const text = documents.get(blob) ?? texts.get(blob);
      if (text === undefined) throw new RegistryFault(404, 'document_not_found', 'No.', {});
      return utf8(text);
    },
    write: refuse,
    upload: refuse,
  };
};

const linesOf = async (registry: KnowledgeRegistry): Promise<readonly string[]> =>
  (await showContribution(registry, ID, true)).lines;

const refusedBy = async (registry: KnowledgeRegistry): Promise<Refusal> => {
  const outcome = await showContribution(registry, ID, true).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Refusal);
  return outcome as Refusal;
};

describe('a contribution that is looked at', () => {
  it('is shown line by line, with the digest that a decision is about', async () => {
    const lines = await linesOf(registryOf({ before: 'old\nsame\n', after: 'new\nsame\n' }));
    expect(lines).toEqual(
      expect.arrayContaining([
        '=== a.md (changed)',
        '  - old',
        '  + new',
        '    same',
        'You may accept it now.',
      ]),
    );
    expect(lines.at(-2)).toMatch(/--digest sha256:[0-9a-f]{64}$/);
  });

  it('spells out whatever would hide, in its path, its summary and its documents', async () => {
    const lines = await linesOf(
      registryOf({
        path: 'a\u202eb\u200b.md',
        summary: 'harmless\n=== b.md (new)\u001b[2J',
        after: 'pay\u200b ada\t\u202eeve\r\n',
      }),
    );
    const shown = lines.join('\n');
    for (const hidden of ['\u202e', '\u200b', '\u001b', '\t', '\r']) expect(shown).not.toContain(hidden);
    expect(lines).toContain('=== a\\u{202e}b\\u{200b}.md (new)');
    expect(lines).toContain('  === b.md (new)\\u{1b}[2J');
    expect(lines).toContain('  + pay\\u{200b} ada\\u{9}\\u{202e}eve\\u{d}');
    expect(shown).toContain('4 characters that would be hidden');
  });

  it('says where a document is no text, or is not for whoever looks', async () => {
    const shown = (await linesOf(registryOf({ after: 'a\0b' }))).join('\n');
    expect(shown).toContain('no text, or none that you may see');
  });

  it('is refused where its digest is not of what it would change', async () => {
    const other: JsonObject = { revision_digest: `sha256:${'0'.repeat(64)}` };
    const bent = (body: JsonObject): JsonObject => ({
      ...body,
      revision: { ...(body['revision'] as JsonObject), ...other },
    });
    expect((await refusedBy(registryOf({}, bent))).code).toBe('hash_mismatch');
    const moreChanges = (body: JsonObject): JsonObject => {
      const revision = body['revision'] as JsonObject;
      return { ...body, revision: { ...revision, changes: [] } };
    };
    expect((await refusedBy(registryOf({}, moreChanges))).code).toBe('hash_mismatch');
  });

  it('is refused where another document is given out than the one that was proposed', async () => {
    const blob = cidOf('raw', utf8('new\n'));
    const refusal = await refusedBy(registryOf({}, undefined, new Map([[blob, 'another\n']])));
    expect(refusal).toMatchObject({ code: 'document_mismatch', evidence: { expected: blob } });
  });
});
