// Node's own cryptography where there is one; in a browser undefined, and the portable code stands in.

export type NodeCrypto = typeof import('node:crypto');

// Asked for at run time rather than imported, so that a bundle for the browser holds no Node module.
export const nativeCrypto: NodeCrypto | undefined = globalThis.process?.getBuiltinModule?.('node:crypto');
