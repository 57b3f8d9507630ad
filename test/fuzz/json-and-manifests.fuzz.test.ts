// Strict JSON, canonical JSON, manifests and advisories under damage: two readers agree, and what was read can be written again.
import { expect } from 'vitest';
import { canonicalBytes, canonicalText, type JsonValue, parseCanonical } from '../../keys/canonical.ts';
import { KeyError } from '../../keys/errors.ts';
import { readContent } from '../../src/packs/advisories/advisory.ts';
import { Fault } from '../../src/protocol/faults.ts';
import { parseStrictJson } from '../../src/protocol/json.ts';
import { describeManifest, reservedTypeIds } from '../../src/protocol/manifest/describe.ts';
import { checkManifest } from '../../src/protocol/manifest/index.ts';
import { referencedFiles } from '../../src/protocol/manifest/references.ts';
import { signingOf } from '../../src/protocol/manifest/signing.ts';
import { fuzz, thrownAs } from './harness.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

fuzz({
  parser: 'strict-json',
  read: (input) => {
    const parsed = parseStrictJson(input);
    if (!parsed.ok) {
      expect(parsed.problem.offset).toBeLessThanOrEqual(input.length);
      return;
    }
    expect(parsed.value).toEqual(JSON.parse(decoder.decode(input)));
    const canonical = canonicalText(parsed.value);
    // RFC 8785 spells 1e20 as an integer, and integers beyond 2^53-1 are refused as such (RFC 0212).
    if (/[0-9]{16}/.test(canonical)) return;
    const again = parseStrictJson(Buffer.from(canonical));
    expect(again.ok && canonicalText(again.value)).toBe(canonical);
  },
});

fuzz({
  parser: 'canonical-json',
  read: (input) => {
    const value = parseCanonical(input);
    expect(Buffer.from(canonicalBytes(value)).equals(input)).toBe(true);
    expect(parseStrictJson(input)).toEqual({ ok: true, value });
  },
  refuses: thrownAs(KeyError),
});

const judge = (manifest: JsonValue): void => {
  for (const tree of ['v1', 'v2'] as const) {
    const { stage, violations } = checkManifest(manifest, tree);
    expect(violations.length > 0).toBe(stage !== undefined);
    if (violations.length > 0) continue;
    const facts = describeManifest(manifest);
    expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
    referencedFiles(manifest);
    reservedTypeIds(manifest, 'vendor.acme.tools');
    signingOf(manifest, tree);
  }
};

fuzz({
  parser: 'manifest',
  read: (input) => {
    const parsed = parseStrictJson(input);
    if (parsed.ok) judge(parsed.value);
  },
});

fuzz({
  parser: 'advisory',
  read: (input) => {
    const parsed = parseStrictJson(input);
    const { value } = parsed.ok ? parsed : { value: null };
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const content = readContent(value as Record<string, unknown>);
    expect(JSON.parse(canonicalText(content))).toEqual(content);
    for (const { packName } of content.affected) expect(packName).not.toMatch(/^private\./i);
  },
  refuses: thrownAs(Fault),
});
