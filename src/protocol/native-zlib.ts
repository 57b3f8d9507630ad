// Node's own zlib where there is one; in a browser undefined, and what every browser has stands in.

export type NodeZlib = typeof import('node:zlib');

// Asked for at run time rather than imported, so that a bundle for the browser holds no Node module.
export const nativeZlib: NodeZlib | undefined = globalThis.process?.getBuiltinModule?.('node:zlib');
