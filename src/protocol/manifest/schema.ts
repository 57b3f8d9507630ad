// Compiles the schema of a kind when it is first needed and reads what it refuses as violations. Pure.
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { clipped, pointer } from './read.ts';
import type { Schema } from './shared.ts';
import { inWords, violation } from './violations.ts';

/**
 * The schemas are ours and a test holds them against the meta-schema, so no process pays for that again. Required
 * names come from `closed`, which defines them; ajv looks for a definition inside each branch of a choice. Polishing
 * the generated code costs more at the first manifest than it saves over thousands.
 */
const makeAjv = (): Ajv2020 => {
  const ajv = new Ajv2020({
    allErrors: true,
    allowUnionTypes: true,
    messages: false,
    meta: false,
    strict: true,
    strictRequired: false,
    validateSchema: false,
    verbose: true,
    code: { optimize: false },
  });
  return ajv.addFormat('uri', fullFormats.uri).addFormat('date-time', fullFormats['date-time']);
};

let ajv: Ajv2020 | undefined;
const compiled = new Map<string, ValidateFunction>();

/** Compiling a kind costs thousands of checks, so each is compiled once, and only where its kind is met. */
const validatorOf = (kind: string, tree: Tree, schemaOf: (tree: Tree) => Schema): ValidateFunction => {
  const key = `${tree} ${kind}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  ajv ??= makeAjv();
  const made = ajv.compile(schemaOf(tree));
  compiled.set(key, made);
  return made;
};

type Params = Readonly<Record<string, unknown>>;

const choice = ({ schema }: ErrorObject): string =>
  (schema as readonly { required: readonly string[] }[]).map((each) => each.required[0]).join(', ');

const SAYS: Readonly<Record<string, (params: Params, error: ErrorObject) => string>> = {
  additionalProperties: () => 'is not a property of this object',
  anyOf: (_, error) => `needs at least one of ${choice(error)}`,
  const: (params) => `must be ${JSON.stringify(params.allowedValue)}`,
  enum: (params) =>
    `must be ${(params.allowedValues as readonly string[]).join(', ')}`.replace(/, (?=[^,]*$)/, ' or '),
  'false schema': () => 'must not be here',
  format: (params) => `must be a valid ${String(params.format)}`,
  maximum: (params) => `must be at most ${String(params.limit)}`,
  maxItems: (params) => `must have at most ${String(params.limit)} entries`,
  maxLength: (params) => `must have at most ${String(params.limit)} characters`,
  maxProperties: (params) => `must have at most ${String(params.limit)} properties`,
  minimum: (params) => `must be at least ${String(params.limit)}`,
  minItems: (params) => `must have at least ${String(params.limit)} entries`,
  minLength: (params) => `must have at least ${String(params.limit)} characters`,
  minProperties: (params) => `must have at least ${String(params.limit)} properties`,
  oneOf: (_, error) => `needs exactly one of ${choice(error)}`,
  pattern: (params) => `must match ${String(params.pattern)}`,
  required: () => 'is required',
  type: (params) => `must be ${[params.type].flat().join(' or ')}`,
  uniqueItems: (params) => `repeats its entry ${String(params.j)}`,
};

/** A missing or an unknown property is pointed at itself, not at the object around it. */
const whereOf = ({ instancePath, params }: ErrorObject): string => {
  const name = (params as Params).missingProperty ?? (params as Params).additionalProperty;
  return typeof name === 'string' ? instancePath + pointer(clipped(name)) : instancePath;
};

const asViolation = (error: ErrorObject): Violation => {
  const say = SAYS[error.keyword];
  return violation(
    'invalid_manifest',
    whereOf(error),
    say?.(error.params as Params, error) ?? 'is not valid',
  );
};

/** The branches of a choice are reported as the choice, and a condition as what it asked for. */
const isEcho = ({ keyword, schemaPath }: ErrorObject): boolean =>
  keyword === 'if' || /\/(?:any|one)Of\/\d+\//.test(schemaPath);

/** What in the manifest differs from the schema of its kind. */
export const checkSchema = (
  manifest: JsonValue,
  kind: string,
  tree: Tree,
  schemaOf: (tree: Tree) => Schema,
): readonly Violation[] => {
  const validate = validatorOf(kind, tree, schemaOf);
  if (validate(manifest)) return [];
  return inWords(
    (validate.errors ?? []).filter((error) => !isEcho(error)),
    asViolation,
  );
};
