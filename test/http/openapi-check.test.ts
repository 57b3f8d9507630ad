// What holds answers against the documents finds what they do not tell.
import { describe, expect, it } from 'vitest';
import { answerProblems, untold } from '../world/openapi-check.ts';

const seen = (status: number, json: unknown, type = 'application/json; charset=utf-8') => ({
  status,
  json,
  headers: new Headers({ 'content-type': type }),
});
const refusal = { error: 'not_found', message: 'Nothing.', details: { correlationId: 'a-1' } };

describe('an answer', () => {
  it.each([
    ['as it is told', 'GET', '/healthz', seen(200, { status: 'ok' }), 0],
    ['with another value than is told', 'GET', '/healthz', seen(200, { status: 'fine' }), 1],
    ['with a status that is not told', 'GET', '/healthz', seen(202, { status: 'ok' }), 1],
    ['of another type than is told', 'GET', '/healthz', seen(200, undefined, 'text/html'), 1],
    ['where no operation is', 'GET', '/nowhere', seen(200, {}), 1],
    ['that refuses, anywhere', 'GET', '/nowhere', seen(404, refusal), 0],
    ['that refuses with more than the envelope', 'GET', '/nowhere', seen(404, { ...refusal, more: 1 }), 1],
    [
      'that refuses without a word',
      'PUT',
      '/v1/packs/a.b.c/-/1.0.0.tgz',
      seen(400, { ...refusal, message: '' }),
      1,
    ],
    ['that lacks a field', 'GET', '/access/tokens?x=1', seen(200, {}), 1],
  ] as const)('%s', (_, method, path, answer, problems) => {
    expect(answerProblems(method, path, answer)).toHaveLength(problems);
  });
});

describe('the documents', () => {
  it('say of every answer with JSON how it looks', () => {
    // Parts of files are no JSON.
    expect(untold().filter((each) => !each.endsWith(' 206'))).toEqual([]);
  });
});
