// The reference of all addresses as one page that needs no script. Pure.
import { type Documents, type OpenApi, operationsOf, textOf } from './document.ts';
import { type Html, html } from './html.ts';
import { operationHtml, operationId } from './operation-html.ts';
import { schemaHtml, schemaId } from './schema-html.ts';

/** Also named by its digest in the policy that the page is sent with. */
export const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --link: light-dark(#0550ae, #79b8ff); }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; background: light-dark(#fff, #14171a); color: light-dark(#1b1f23, #dfe3e8); }
a { color: var(--link); text-decoration: none; } a:hover, a:focus-visible { text-decoration: underline; }
code, pre { font: 0.875em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: 0.75rem; background: var(--soft); border-radius: 0.4rem; }
nav { padding: 1rem 1.5rem; border-bottom: 1px solid var(--line); }
nav ol { list-style: none; margin: 0.25rem 0; padding: 0; } nav li { padding: 0.1rem 0; }
main { padding: 1rem 1.5rem; max-width: 60rem; }
article { padding: 1rem 0; border-top: 1px solid var(--line); }
article:target { background: var(--soft); }
h3 { margin: 0; font-size: 1.05rem; } h4 { margin: 1rem 0 0.25rem; } h5 { margin: 0.5rem 0; }
table { width: 100%; border-collapse: collapse; margin: 0.25rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.5rem; border-top: 1px solid var(--line); }
th { width: 14rem; font-weight: 500; } td p { margin: 0; }
figure { margin: 0.5rem 0; } figcaption, small { font-size: 0.85em; opacity: 0.8; }
summary { cursor: pointer; padding: 0.2rem 0; }
.get { color: light-dark(#116329, #56d364); } .delete { color: light-dark(#a40e26, #ff7b72); }
.put, .post, .patch { color: light-dark(#953800, #ffa657); }
@media (min-width: 70rem) {
  body { display: grid; grid-template-columns: 24rem 1fr; }
  nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; border: 0; border-right: 1px solid var(--line); }
}
`;

const titleOf = (file: string, document: OpenApi): string => textOf(document.info?.title) || file;

const menu = (
  file: string,
  document: OpenApi,
): Html => html`<li><details open><summary>${titleOf(file, document)}</summary>
<ol>${operationsOf(file, document).map(
  (each) =>
    html`<li><a href="#${operationId(each)}"><code class="${each.method.toLowerCase()}">${each.method}</code> <code>${each.path}</code></a></li>`,
)}</ol></details></li>`;

const schemas = (file: string, document: OpenApi): readonly Html[] =>
  Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) =>
      html`<article id="${schemaId(file, name)}"><h3><code>${name}</code></h3>${schemaHtml(schema, file)}</article>`,
  );

const section = (documents: Documents, file: string, document: OpenApi): Html => html`<section>
<h2>${titleOf(file, document)}</h2>
<p>As a document: <a href="/openapi/${file}">${file}</a></p>
${operationsOf(file, document).map((each) => operationHtml(documents, each))}
${schemas(file, document)}
</section>`;

export const referencePage = (documents: Documents): string => {
  const all = [...documents];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Attestry: reference</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<nav aria-label="Operations"><ol>${all.map(([file, document]) => menu(file, document))}</ol></nav>
<main>
<h1>Attestry: reference</h1>
<p>Every refusal is <code>{error, message, details}</code>. Every write takes an <code>Idempotency-Key</code> of up to 255 visible
characters: the same request under the same key is done once and answered the same for a day. What is marked <b>*</b> is required.</p>
${all.map(([file, document]) => section(documents, file, document))}
</main>
</body>
</html>
`;
  return page.html;
};
