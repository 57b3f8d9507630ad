// Documents that end in a long list: the bytes that JSON has, made while others have their turn.
import { expect, it } from 'vitest';
import { KINDS } from '../../src/http/document.ts';
import { listDocument, listRows } from '../../src/http/list-document.ts';

const made = async (head: object, list: readonly object[]) =>
  Buffer.from(
    (await listDocument(KINDS.json, head, 'list', await listRows(list, (each) => each))).bytes,
  ).toString();

it.each([
  [{}, []],
  [{ a: 1, b: { c: [1] } }, []],
  [{}, [{ text: 'two\nlines', inner: { list: [1, { x: 2 }] } }]],
  [{ a: 1 }, [{ one: 1 }, {}, { three: [] }]],
])('has the bytes of %j with %j', async (head, list) => {
  expect(await made(head, list)).toBe(`${JSON.stringify({ ...head, list }, null, 2)}\n`);
});

it('lets others have their turn again and again', async () => {
  const list = Array.from({ length: 4_000 }, (_, number) => ({ number, text: 'x'.repeat(1_000) }));
  let [turns, isDone] = [0, false];
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await made({}, list);
  isDone = true;
  expect(turns).toBeGreaterThan(40);
});
