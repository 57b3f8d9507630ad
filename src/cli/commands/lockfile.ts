// The name under which a lockfile is found in the working directory (node-packs.md, Dependency resolution + lockfile).

export const LOCKFILE = 'pack-lock.json';
