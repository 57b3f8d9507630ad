// The parts a node pack is put together from: runtime, connector, and what a node asks a host for. Pure.
import type { Tree } from '../faults.ts';
import {
  closed,
  filled,
  flag,
  httpsUri,
  integer,
  list,
  pattern,
  type Schema,
  set,
  text,
  typeId,
  uri,
  word,
} from './shared.ts';

interface NodePartSchemas {
  readonly secret: Schema;
  readonly credential: Schema;
  readonly auth: Schema;
  readonly runtime: Schema;
  readonly connector: Schema;
}

const credentialScope = word('user', 'workspace', 'tenant');

const secret = closed(
  { id: filled, kind: word('ai-provider', 'api-key', 'oauth-token', 'custom') },
  { provider: text(), scope: word('tenant', 'user', 'run') },
);

const credential = closed({ key: filled }, { scope: credentialScope, displayName: text() });

const auth = closed({ type: word('oauth2'), provider: filled }, { scopes: list(text()) });

const storedCredential = closed({ type: word('credential'), key: filled }, { scope: credentialScope });

/** A stored credential says so; everything else is read as an OAuth declaration, so that errors name one form. */
const connectorAuth: Schema = {
  type: 'object',
  if: { required: ['type'], properties: { type: { const: 'credential' } } },
  // biome-ignore lint/suspicious/noThenProperty: the JSON Schema keyword
  then: storedCredential,
  else: auth,
};

const connector = (tree: Tree): Schema =>
  closed(
    { id: pattern('^[a-z][a-z0-9.-]*$'), displayName: filled },
    {
      auth: connectorAuth,
      actions: list(
        closed(
          { typeId: tree === 'v1' ? filled : typeId(tree), displayName: filled },
          {
            idempotent: flag,
            rateLimit: closed({}, { requests: integer(1), perSeconds: integer(1) }),
            paginated: flag,
          },
        ),
      ),
      triggers: list(filled),
    },
  );

const MCP_SCHEMA = 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json';
const EXACT_SEMVER = '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$';

/** RFC 0203: the part of an MCP registry record that carries no install step and no credential. */
const mcpServer = closed(
  {
    name: pattern('^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$', { minLength: 3, maxLength: 200 }),
    description: text({ minLength: 1, maxLength: 100 }),
    version: pattern(EXACT_SEMVER, { maxLength: 255 }),
    remotes: list(closed({ type: word('streamable-http'), url: pattern('^https://[^\\s{}]+$') }), {
      minItems: 1,
      maxItems: 1,
    }),
  },
  {
    $schema: word(MCP_SCHEMA),
    title: text({ minLength: 1, maxLength: 100 }),
    websiteUrl: httpsUri,
    repository: closed({ url: uri, source: text() }, { id: text(), subfolder: text() }),
  },
);

/** RFC 0076 names what code may ask of the platform; names of a language's own modules are not among them. */
const primitives = word(
  'net.dns',
  'net.outbound',
  'crypto',
  'subprocess',
  'fs.read',
  'fs.write',
  'env.read',
  'clock',
);

/** `language` stays any text here: an unknown one has a fault code of its own, which a schema cannot give. */
const runtime = (tree: Tree): Schema =>
  closed(
    { language: text(), entry: text() },
    {
      format: word('esm', 'cjs', 'wheel', 'binary', 'shared-library', 'wasm', 'wasm-component'),
      minRuntimeVersion: text(),
      requires: set(primitives),
      ...(tree === 'v2' ? { mcpServer } : {}),
    },
  );

export const nodePartSchemas = (tree: Tree): NodePartSchemas => ({
  secret,
  credential,
  auth,
  runtime: runtime(tree),
  connector: connector(tree),
});
