// What people find at the root of a registry: its name, and where it goes on. Pure.
import { type Html, html } from './html.ts';

/** Also named by its digest in the policy that the page is sent with. */
export const FRONT_STYLE = `
:root { color-scheme: light dark; }
body { margin: 3rem auto; padding: 0 1.5rem; max-width: 40rem; font: 16px/1.6 system-ui, sans-serif; }
code { font: 0.875em ui-monospace, monospace; }
`;

const LINKS = [
  ['docs', 'the reference of all addresses'],
  ['.well-known/openwop-registry', 'where machines begin: keys, trees and addresses'],
  ['v1/index.json', 'all packs'],
  ['transparency/checkpoint', 'the signed head of the log'],
  ['security/advisories.json', 'advisories in force'],
] as const;

/** Relative, so that they lead on below whatever path the registry is reached at. */
const link = ([path, what]: (typeof LINKS)[number]): Html =>
  html`<li><a href="${path}"><code>/${path}</code></a>: ${what}</li>`;

export const frontPage = (registryName: string): string => {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${registryName}</title>
<style>${{ html: FRONT_STYLE }}</style>
</head>
<body>
<main>
<h1>${registryName}</h1>
<p>An OpenWOP pack registry with a transparency log.</p>
<ul>${LINKS.map(link)}</ul>
</main>
</body>
</html>
`;
  return page.html;
};
