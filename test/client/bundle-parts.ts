// Takes the bundle of a lockfile apart and puts it together again, as somebody does who can write to it on its way.
import { readFile, writeFile } from 'node:fs/promises';
import { digestOf } from '../../storage/digest.ts';
import type { Json } from '../world/cli.ts';

export interface Parts {
  head: Json;
  answers: { about: Json; body: Buffer }[];
}

const takeApart = (bytes: Buffer): Parts => {
  let at = 0;
  const line = (): Json => {
    const end = bytes.indexOf('\n', at);
    const found = JSON.parse(bytes.subarray(at, end).toString());
    at = end + 1;
    return found;
  };
  const parts: Parts = { head: line(), answers: [] };
  for (let about = line(); about.answers === undefined; about = line()) {
    parts.answers.push({ about, body: bytes.subarray(at, at + about.bytes) });
    at += about.bytes + 1;
  }
  return parts;
};

const putTogether = ({ head, answers }: Parts): Buffer => {
  const line = (object: Json) => Buffer.from(`${JSON.stringify(object)}\n`);
  const parts = answers.flatMap(({ about, body }) => [
    line({ ...about, bytes: body.length, sha256: digestOf(body) }),
    body,
    Buffer.from('\n'),
  ]);
  return Buffer.concat([line(head), ...parts, line({ answers: answers.length })]);
};

/** Sizes and digests of the answers are made to fit again. */
export const tamper = async (path: string, change: (parts: Parts) => void): Promise<void> => {
  const parts = takeApart(await readFile(path));
  change(parts);
  await writeFile(path, putTogether(parts));
};

export const answerAt = ({ answers }: Parts, path: string): { about: Json; body: Buffer } => {
  const found = answers.find(({ about }) => about.path === path);
  if (found === undefined) throw new Error(`the bundle holds no ${path}`);
  return found;
};
