#!/usr/bin/env node
// Starts the command line from a checkout or an installed package, without a build step.

// The thread pool is sized when it is first used, so it is asked for before anything else is loaded: each durable
// write waits in it for the disk, and the usual four would make publishes queue behind one another.
process.env.UV_THREADPOOL_SIZE ??= '16';
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** Before the first "npm ci" there is nothing to start with, which is no bug and needs no stack. */
const explain = (error) => {
  if (!/MODULE_NOT_FOUND$/.test(error.code) || !/Cannot find (package|module 'esbuild')/.test(error.message))
    throw error;
  process.stderr.write(
    'Some packages that Attestry needs are not installed: run "npm ci" or "npm start" first.\n',
  );
  process.exitCode = 1;
};

import('./typescript.mjs').then(() => import('./main.ts')).catch(explain);
