// Pack names, versions, patterns, ranges and paths of bases under damage.
import { Range, SemVer } from 'semver';
import { expect } from 'vitest';
import { ContentError } from '../../src/protocol/content-errors.ts';
import {
  compareAsBytes,
  foldPath,
  parseKnowledgePath,
  pathProblems,
} from '../../src/protocol/knowledge-path.ts';
import {
  namespaceOf,
  parseNamespacePattern,
  parsePackName,
  parsePackVersion,
  patternCovers,
  scopeOf,
} from '../../src/protocol/pack-id.ts';
import { admitsMajor, compareVersions, parseAffected, parseRange } from '../../src/protocol/semver-range.ts';
import { fuzz, thrownAs } from './harness.ts';

fuzz({
  parser: 'pack-id',
  read: (input) => {
    const text = input.toString('utf8');
    const name = parsePackName(text);
    if (name.ok) {
      expect(name.value.split('.').length).toBeGreaterThanOrEqual(3);
      expect(['core', 'vendor', 'community', 'private']).toContain(scopeOf(name.value));
      expect(patternCovers(`${namespaceOf(name.value).toLowerCase()}.*`, name.value)).toBe(true);
      expect(encodeURIComponent(name.value)).toBe(name.value);
    } else expect(name.violation.code).toMatch(/^invalid_pack_(name|scope)$/);
    const pattern = parseNamespacePattern(text);
    if (pattern.ok) expect(parseNamespacePattern(pattern.value)).toEqual(pattern);
  },
});

fuzz({
  parser: 'version',
  read: (input) => {
    const text = input.toString('utf8');
    const version = parsePackVersion(text);
    if (!version.ok) return;
    expect(new SemVer(version.value).raw, 'another reader takes it too').toBe(text);
    expect(compareVersions(version.value, version.value)).toBe(0);
  },
});

fuzz({
  parser: 'version-range',
  read: (input) => {
    const text = input.toString('utf8');
    const range = parseRange(text);
    if (range !== undefined) {
      const other = new Range(text);
      for (const version of ['0.0.1', '1.0.0', '1.2.3-rc.1', '2.0.0'])
        expect(range.admits(version)).toBe(other.test(version));
    }
    parseAffected(text)?.admits('1.0.0');
    admitsMajor(text, 2);
  },
});

fuzz({
  parser: 'knowledge-path',
  read: (input) => {
    const text = input.toString('utf8');
    const path = parseKnowledgePath(text);
    expect(pathProblems(text)).toEqual([]);
    expect(compareAsBytes(path, text)).toBe(0);
    expect(foldPath(foldPath(path))).toBe(foldPath(path));
  },
  refuses: thrownAs(ContentError),
});
