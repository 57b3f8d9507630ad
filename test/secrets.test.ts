// Nothing that is, or looks like, a private key or a token may be tracked.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './world/source.ts';

const MAX_SCANNED_BYTES = 2_000_000;
const LIST = ['ls-files', '--cached', '--others', '--exclude-standard'];

const tracked = (): string[] =>
  execFileSync('git', LIST, { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(ROOT, path)))
    .filter((path) => statSync(join(ROOT, path)).size < MAX_SCANNED_BYTES);

const SECRET = new RegExp(
  [
    '-----BEGIN (?:[A-Z]+ )?PRIVATE',
    ' KEY-----|\\batt_[0-9A-Za-z]{40,}|\\bAKIA[0-9A-Z]{16}\\b|\\bMC4CAQAwBQYDK2Vw',
  ].join(''),
);

describe('secrets', () => {
  it('stand in no tracked file', () => {
    const found = tracked().filter((path) => SECRET.test(readFileSync(join(ROOT, path), 'latin1')));
    expect(found).toEqual([]);
  });

  it('are recognised when they appear', () => {
    expect(SECRET.test(['-----BEGIN PRIVATE', ' KEY-----'].join(''))).toBe(true);
    expect(SECRET.test(`att_${'a'.repeat(49)}`)).toBe(true);
  });

  it('never lie among the anchors: only public roots live there', () => {
    const anchors = tracked().filter((path) => path.startsWith('keys/anchors/'));
    expect(anchors.filter((path) => !/\.(pub|json|md)$/.test(path))).toEqual([]);
    const raw = anchors.filter((path) =>
      /PRIVATE|"(?:seed|secret|privateKey|d)"\s*:/i.test(readFileSync(join(ROOT, path), 'utf8')),
    );
    expect(raw).toEqual([]);
  });
});
