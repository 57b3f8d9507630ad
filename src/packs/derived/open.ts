// Wires the part of derived documents. Long, flat and dull.
import type Router from '@koa/router';
import { addDerivedRoutes } from './routes.ts';
import { readRegistrySbom, readSbom, type SbomDeps } from './sboms.ts';
import { type MirrorDeps, readSchema } from './schema-mirror.ts';
import { readRobots, readSecurityTxt, type WellKnownDeps } from './well-known.ts';

export type DerivedDeps = SbomDeps & MirrorDeps & WellKnownDeps;

export const openDerived = (the: DerivedDeps) => ({
  readSbom: readSbom(the),
  addRoutes: (router: Router): void =>
    addDerivedRoutes(router, {
      readRegistrySbom: readRegistrySbom(the),
      readSchema: readSchema(the),
      readRobots: readRobots(the),
      readSecurityTxt: readSecurityTxt(the),
    }),
});
