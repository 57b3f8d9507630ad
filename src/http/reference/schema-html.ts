// Tells of a JSON Schema in words: its type, its fields, and links to the schemas it names. Pure.
import { isValue, listOf, objectOf, targetOf, textOf, type Value } from './document.ts';
import { type Html, html, nothing, prose } from './html.ts';

export const schemaId = (file: string, name: string): string =>
  `schema-${file.replace(/\.yaml$/, '')}-${name}`;

const MOST_DEPTH = 6;

const link = (ref: string, file: string): Html => {
  const target = targetOf(ref, file);
  const name = target.keys.at(-1) ?? ref;
  return html`<a href="#${schemaId(target.file, name)}">${name}</a>`;
};

const typeOf = (schema: Value): string => {
  const type = schema['type'];
  return Array.isArray(type) ? type.join(' or ') : textOf(type);
};

const joined = (parts: readonly Html[], between: string): Html =>
  parts.length === 0 ? nothing : { html: parts.map((part) => part.html).join(between) };

const alternatives = (schema: Value): readonly unknown[] => [
  ...listOf(schema['oneOf']),
  ...listOf(schema['anyOf']),
];

/** In a few words, for the cell of a table. */
const kindOf = (schema: Value, file: string): Html => {
  if (typeof schema['$ref'] === 'string') return link(schema['$ref'], file);
  if (schema['const'] !== undefined) return html`always <code>${JSON.stringify(schema['const'])}</code>`;
  if (Array.isArray(schema['enum']))
    return joined(
      schema['enum'].map((each) => html`<code>${String(each)}</code>`),
      ', ',
    );
  const either = alternatives(schema);
  if (either.length > 0)
    return joined(
      either.map((each) => kindOf(objectOf(each), file)),
      ' or ',
    );
  if (isValue(schema['items'])) return html`list of ${kindOf(schema['items'], file)}`;
  return html`${typeOf(schema) || 'any'}`;
};

const LIMITS = [
  'format',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'default',
];

const limitsOf = (schema: Value): Html =>
  joined(
    LIMITS.filter((name) => schema[name] !== undefined).map(
      (name) => html` <small>${name} <code>${String(schema[name])}</code></small>`,
    ),
    '',
  );

const field = (
  name: string,
  schema: Value,
  file: string,
  isRequired: boolean,
  depth: number,
): Html => html`<tr>
<th scope="row"><code>${name}</code>${isRequired ? html` <b title="required">*</b>` : nothing}</th>
<td>${kindOf(schema, file)}${limitsOf(schema)} ${prose(textOf(schema['description']))}${inner(schema, file, depth)}</td></tr>`;

/** The fields of an object, or of the objects in a list. */
const fields = (schema: Value, file: string, depth: number): Html => {
  const properties = objectOf(schema['properties']);
  const required = listOf(schema['required']);
  const others = required.filter((name) => typeof name === 'string' && !(name in properties));
  const rows = [
    ...Object.entries(properties).map(([name, each]) =>
      field(name, objectOf(each), file, required.includes(name), depth + 1),
    ),
    ...others.map((name) => field(String(name), {}, file, true, depth + 1)),
  ];
  return rows.length === 0 ? nothing : html`<table><tbody>${rows}</tbody></table>`;
};

const inner = (schema: Value, file: string, depth: number): Html => {
  if (depth > MOST_DEPTH) return nothing;
  const items = objectOf(schema['items']);
  const parts = [schema, items, ...alternatives(schema), ...listOf(schema['allOf'])].map(objectOf);
  return joined(
    parts.filter((each) => each['$ref'] === undefined).map((each) => fields(each, file, depth)),
    '',
  );
};

export const schemaHtml = (schema: unknown, file: string): Html => {
  const value = objectOf(schema);
  return html`<p>${kindOf(value, file)}${limitsOf(value)} ${prose(textOf(value['description']))}</p>${inner(value, file, 0)}`;
};
