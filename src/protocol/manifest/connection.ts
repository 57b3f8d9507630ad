// Connection packs: a provider described for hosts, without any of its secrets. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { at, clipped, listOf, pointer, textOf } from './read.ts';
import {
  authored,
  closed,
  filled,
  httpsUri,
  list,
  manifestSchema,
  pattern,
  type Schema,
  set,
  text,
  uri,
  word,
} from './shared.ts';
import { violation } from './violations.ts';

const CATEGORIES = [
  ...['communication', 'docs', 'crm', 'dev', 'storage', 'email-calendar', 'ticketing', 'data-warehouse'],
  ...['marketing', 'finance', 'hr', 'esignature', 'support', 'project-management', 'payments', 'other'],
];

const scopeGroup = closed({ key: pattern('^[a-z][a-z0-9._-]*$'), label: filled, scopes: list(text()) });

const auth = (tree: Tree): Schema =>
  closed(
    { kind: word('oauth2', 'api_key', 'bearer', 'basic') },
    {
      authFlow: word('pkce', 'client_credentials', 'manual', 'none'),
      scopeModel: word('groups', 'coarse', 'capabilities'),
      endpoints: closed({}, { authorize: httpsUri, token: httpsUri, revoke: httpsUri }),
      scopes: closed({}, { read: list(scopeGroup), write: list(scopeGroup) }),
      instanceUrlTemplate: text(),
      ...(tree === 'v2' ? { issuer: httpsUri, pkce: word('S256', 'unsupported') } : {}),
    },
  );

const reach = closed(
  {},
  {
    mcp: closed({ server: closed({ url: httpsUri, transport: word('http', 'sse') }) }),
    openapi: closed({ ref: text() }),
    integration: closed({ node: text() }),
  },
  { minProperties: 1, maxProperties: 1 },
);

/** RFC 0120: a provider reached over REST says to which hosts its credential may travel. */
const hostsForOpenapi: Schema = {
  if: { required: ['reach'], properties: { reach: { type: 'object', required: ['openapi'] } } },
  // biome-ignore lint/suspicious/noThenProperty: the JSON Schema keyword
  then: { required: ['apiHosts'] },
};

const provider = (tree: Tree): Schema =>
  authored(
    tree,
    {
      id: pattern('^[a-z][a-z0-9-]*$'),
      displayName: filled,
      category: word(...CATEGORIES),
      auth: auth(tree),
      reach,
    },
    {
      consumerNodes: list(text()),
      docsUrl: uri,
      apiHosts: set(text(), { minItems: 1 }),
      ...(tree === 'v2' ? { vendor: filled } : {}),
    },
    hostsForOpenapi,
  );

/** connection-packs.md, Manifest; one provider, no dependencies of any sort. */
export const connectionPackSchema = (tree: Tree): Schema =>
  manifestSchema(tree, {
    kind: 'connection',
    closedEngines: true,
    needed: { provider: provider(tree) },
  });

const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Lower-case, two labels or more, a last label that begins with a letter: so never an address or a URL. */
const isBareHost = (host: string): boolean => {
  if (host.length > 253) return false;
  const labels = host.split('.');
  const last = labels.at(-1) ?? '';
  return labels.length >= 2 && /^[a-z]/.test(last) && labels.every((label) => HOST_LABEL.test(label));
};

/** connection-packs.md, item 11. */
export const connectionPackRules = (manifest: JsonValue): readonly Violation[] =>
  listOf(at(manifest, 'provider', 'apiHosts')).flatMap((entry, index) => {
    const host = textOf(entry) ?? '';
    if (isBareHost(host)) return [];
    const where = pointer('provider', 'apiHosts', index);
    return [violation('connection_pack_invalid_api_host', where, `"${clipped(host)}" is no bare host name`)];
  });
