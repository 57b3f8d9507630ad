// Holds every answer that a test sees against what the documents in openapi/ say of it.

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { inject } from 'vitest';
import {
  type Documents,
  follow,
  type OpenApi,
  objectOf,
  operationsOf,
} from '../../src/http/reference/document.ts';

export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers have every shape
  readonly json: any;
}

/** Undefined where no test runs: benchmarks call with the same helpers. */
const readDocuments = (): Documents | undefined => {
  try {
    return new Map(JSON.parse(inject('openapi')) as [string, OpenApi][]);
  } catch {
    return undefined;
  }
};

const pattern = (path: string): RegExp => {
  const parts = path.split(/(\{[^}]+\})/).map((part) => {
    // The only one that may hold slashes.
    if (part === '{path}') return '.+';
    return part.startsWith('{') ? '[^/]+' : part.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
};

const open = () => {
  const documents = readDocuments() ?? new Map<string, OpenApi>();
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  for (const [name, document] of documents) ajv.addSchema({ $id: name, ...document }, name, false, false);
  const operations = [...documents].flatMap(([file, document]) =>
    operationsOf(file, document).map((each) => ({ ...each, pattern: pattern(each.path) })),
  );
  // Literal addresses before those with more that may stand anywhere.
  operations.sort((one, other) => one.path.split('{').length - other.path.split('{').length);
  return { documents, ajv, operations, compiled: new Map<unknown, ValidateFunction>() };
};

let opened: ReturnType<typeof open> | undefined;
const world = () => {
  opened ??= open();
  return opened;
};

/** What a schema says stands in its document, and refers to it. */
const validatorOf = (file: string, schema: unknown): ValidateFunction => {
  const { ajv, compiled } = world();
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const made = ajv.compile({ $id: `${file}?${compiled.size}`, ...objectOf(schema) });
  compiled.set(schema, made);
  return made;
};

/** References are relative to the file that they stand in, whose name is the base of what is compiled from it. */
const problemsOf = (file: string, schema: unknown, body: unknown): readonly string[] => {
  const validate = validatorOf(file, absolute(schema, file));
  if (validate(body) === true) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
};

const rewritten = new WeakMap<object, unknown>();

/** The same with the name of its document in each reference. */
const absolute = (value: unknown, file: string): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  const known = rewritten.get(value);
  if (known !== undefined) return known;
  const made = Array.isArray(value)
    ? value.map((each) => absolute(each, file))
    : Object.fromEntries(
        Object.entries(value).map(([key, each]) => [
          key,
          key === '$ref' && typeof each === 'string' && each.startsWith('#')
            ? file + each
            : absolute(each, file),
        ]),
      );
  rewritten.set(value, made);
  return made;
};

const operationFor = (method: string, path: string) =>
  world().operations.find((each) => each.method === method && each.pattern.test(path));

const faultSchema = { file: 'shared.yaml', schema: { $ref: 'shared.yaml#/components/schemas/Fault' } };

const schemaFor = (method: string, path: string, { status, headers }: Seen) => {
  const found = operationFor(method, path);
  // Whatever is at no address of ours is refused like everything else.
  if (found === undefined) return status >= 400 ? faultSchema : 'no such operation';
  const answers = objectOf(found.operation['responses']);
  const raw = answers[String(status)] ?? answers['default'];
  if (raw === undefined || (status < 400 && answers[String(status)] === undefined)) return 'no such status';
  const answer = follow(world().documents, found.file, raw);
  const type = (headers.get('content-type') ?? '').split(';')[0] ?? '';
  const content = objectOf(answer.value['content']);
  // Whatever type that is, it is bytes to those who ask for it.
  if (content[type] === undefined && content['*/*'] !== undefined)
    return { file: answer.file, schema: undefined };
  if (Object.keys(content).length > 0 && content[type] === undefined) return `no such content as ${type}`;
  return { file: answer.file, schema: objectOf(content[type])['schema'] };
};

/** What is wrong with an answer; nothing where the documents have no schema for its body. */
export const answerProblems = (method: string, target: string, seen: Seen): readonly string[] => {
  const path = target.split('?')[0] ?? '';
  if (method === 'OPTIONS' || method === 'HEAD' || [204, 304].includes(seen.status)) return [];
  const found = schemaFor(method, path, seen);
  if (typeof found === 'string') return [found];
  return found.schema === undefined || seen.json === undefined
    ? []
    : problemsOf(found.file, found.schema, seen.json);
};

/** @throws Error that names the operation and what differs */
export const requireDocumented = (method: string, target: string, seen: Seen): void => {
  const problems = world().documents.size === 0 ? [] : answerProblems(method, target, seen);
  if (problems.length === 0) return;
  const body = JSON.stringify(seen.json)?.slice(0, 2_000);
  throw new Error(
    `openapi/ does not tell of ${method} ${target} → ${seen.status}: ${problems.join('; ')}\n${body}`,
  );
};

/** Answers with JSON of which the documents do not say how it looks. */
export const untold = (): readonly string[] =>
  world().operations.flatMap(({ method, path, file, operation }) =>
    Object.entries(objectOf(operation['responses'])).flatMap(([status, raw]) => {
      if (!/^2/.test(status) || status === '204') return [];
      const { value } = follow(world().documents, file, raw);
      const json = objectOf(objectOf(value['content'])['application/json']);
      const isTold =
        Object.keys(objectOf(value['content'])).length > 0 &&
        ('schema' in json || !('application/json' in objectOf(value['content'])));
      return isTold ? [] : [`${method} ${path} ${status}`];
    }),
  );
