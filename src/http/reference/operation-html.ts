// Tells of one operation: what it does, what it takes and what it answers. Pure.
import { type Documents, follow, listOf, type Operation, objectOf, textOf, type Value } from './document.ts';
import { type Html, html, nothing, prose } from './html.ts';
import { schemaHtml } from './schema-html.ts';

const parameterRow = (documents: Documents, file: string, raw: unknown): Html => {
  const found = follow(documents, file, raw);
  const { name, in: place, required, description, schema, example } = found.value;
  const must = required === true ? html` <b title="required">*</b>` : nothing;
  const shown = example === undefined ? nothing : html`<p>For example <code>${String(example)}</code></p>`;
  return html`<tr><th scope="row"><code>${textOf(name)}</code>${must}<br><small>${textOf(place)}</small></th>
<td>${prose(textOf(description))}${schemaHtml(schema, found.file)}${shown}</td></tr>`;
};

const parametersHtml = (documents: Documents, { file, operation, shared }: Operation): Html => {
  const all = [...shared, ...listOf(operation['parameters'])];
  if (all.length === 0) return nothing;
  return html`<h4>Parameters</h4><table><tbody>${all.map((each) => parameterRow(documents, file, each))}</tbody></table>`;
};

const exampleText = (example: unknown): string =>
  typeof example === 'string' ? example : JSON.stringify(example, null, 2);

const examplesOf = (media: Value): readonly (readonly [string, unknown])[] => [
  ...(media['example'] === undefined ? [] : [['', media['example']] as const]),
  ...Object.entries(objectOf(media['examples'])).map(
    ([name, each]) => [name, objectOf(each)['value']] as const,
  ),
];

const mediaHtml = (file: string, type: string, media: Value): Html => html`<h5><code>${type}</code></h5>
${media['schema'] === undefined ? nothing : schemaHtml(media['schema'], file)}
${examplesOf(media).map(
  ([name, example]) =>
    html`<figure><figcaption>Example ${name}</figcaption><pre tabindex="0">${exampleText(example)}</pre></figure>`,
)}`;

const contentHtml = (file: string, content: unknown): readonly Html[] =>
  Object.entries(objectOf(content)).map(([type, media]) => mediaHtml(file, type, objectOf(media)));

const bodyHtml = (documents: Documents, { file, operation }: Operation): Html => {
  if (operation['requestBody'] === undefined) return nothing;
  const found = follow(documents, file, operation['requestBody']);
  return html`<h4>Body</h4><p>${prose(textOf(found.value['description']))}</p>${contentHtml(found.file, found.value['content'])}`;
};

const answerHtml = (documents: Documents, file: string, status: string, raw: unknown): Html => {
  const found = follow(documents, file, raw);
  const label = status === 'default' ? 'otherwise' : status;
  const headers = Object.keys(objectOf(found.value['headers'])).map(
    (name) => html`<li><code>${name}</code></li>`,
  );
  const told = headers.length === 0 ? nothing : html`<p>Headers</p><ul>${headers}</ul>`;
  return html`<details><summary><code>${label}</code> ${prose(textOf(found.value['description']))}</summary>
${told}${contentHtml(found.file, found.value['content'])}</details>`;
};

const securityOf = ({ operation }: Operation): string => {
  const schemes = listOf(operation['security']).map((each) => Object.keys(objectOf(each)).length > 0);
  if (!schemes.includes(true)) return 'Nobody has to say who he is.';
  return schemes.includes(false) ? 'A token shows more.' : 'Needs a token.';
};

export const operationId = ({ operation, method, path }: Operation): string =>
  textOf(operation['operationId']) || `${method} ${path}`;

export const operationHtml = (
  documents: Documents,
  each: Operation,
): Html => html`<article id="${operationId(each)}">
<h3><a href="#${operationId(each)}"><code class="${each.method.toLowerCase()}">${each.method}</code> <code>${each.path}</code></a></h3>
<p>${prose(textOf(each.operation['summary']))}</p>
<p>${prose(textOf(each.operation['description']))} <small>${securityOf(each)}</small></p>
${parametersHtml(documents, each)}
${bodyHtml(documents, each)}
<h4>Answers</h4>
${Object.entries(objectOf(each.operation['responses'])).map(([status, raw]) => answerHtml(documents, each.file, status, raw))}
</article>`;
