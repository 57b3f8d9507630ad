// How the program runs without a build: what it keeps of a file is only ever what that file says now.
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ROOT } from '../world/source.ts';

const LOADER = 'src/cli/typescript.mjs';
const KEPT = 'node_modules/.cache/attestry';

/** A checkout with nothing in it but what runs TypeScript. */
const checkout = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'attestry-typescript-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'node_modules'));
  await cp(join(ROOT, LOADER), join(folder, LOADER));
  await symlink(join(ROOT, 'node_modules/esbuild'), join(folder, 'node_modules/esbuild'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  return {
    folder,
    write: (text: string) => writeFile(join(folder, 'a.ts'), text),
    run: () => {
      const flags = ['--import', pathToFileURL(join(folder, LOADER)).href, join(folder, 'a.ts')];
      const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8' });
      return { stdout, stderr };
    },
  };
};

describe('TypeScript without a build', { timeout: 30_000 }, () => {
  it('is what the file says now, however often it ran before', async () => {
    const { run, write, folder } = await checkout();
    for (const word of ['one', 'one', 'two', 'one']) {
      await write(`const word: string = '${word}';\nconsole.log(word);`);
      expect(run()).toEqual({ stdout: `${word}\n`, stderr: '' });
    }
    expect(await readdir(join(folder, KEPT))).toHaveLength(1);
  });

  it('is made anew where what was kept is not whole', async () => {
    const { run, write, folder } = await checkout();
    await write('interface A { a: 1 }\nconst a: A = { a: 1 };\nconsole.log(a.a);');
    run();
    const [name = ''] = await readdir(join(folder, KEPT));
    const kept = join(folder, KEPT, name);
    const whole = await readFile(kept, 'utf8');
    await writeFile(kept, whole.slice(0, 20));
    expect(run()).toEqual({ stdout: '1\n', stderr: '' });
    expect(await readFile(kept, 'utf8')).toBe(whole);
  });

  it('needs no place to keep anything', async () => {
    const { run, write, folder } = await checkout();
    await writeFile(join(folder, 'node_modules/.cache'), 'a file, and no directory');
    await write('console.log(1 as number);');
    expect(run()).toEqual({ stdout: '1\n', stderr: '' });
  });

  it('shows in a stack the line that it stands on in its file', async () => {
    const { run, write } = await checkout();
    await write(
      'interface A {\n  readonly a: 1;\n}\n\nexport const fail = (): A => {\n  throw new Error();\n};\nfail();',
    );
    for (const { stderr } of [run(), run()]) expect(stderr).toMatch(/fail .*a\.ts:6:9/);
  });
});
