// attestry policy: says what a policy asks for, and writes one to start with.
import { writeFile } from 'node:fs/promises';
import { registryBase } from '../client/network/http-url.ts';
import { sentencesOf } from '../client/policy/explain.ts';
import { POLICY_FILE, type Policy } from '../client/policy/policy.ts';
import { acting } from './command.ts';
import { StandingError } from './failure.ts';
import { openModeLines } from './governed.ts';
import { isAbsent, readPolicy } from './policy-files.ts';

const readPresent = async (path: string): Promise<Policy> => {
  try {
    return await readPolicy(path);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    throw new StandingError(
      'file_not_found',
      `There is no ${path}; "attestry policy init" writes one to start with.`,
    );
  }
};

export const check = acting(async (_settings, _options, path = POLICY_FILE) => {
  const policy = await readPresent(path);
  const says = sentencesOf(policy);
  return {
    lines: [
      `${path} is a policy that can be used.`,
      ...says.map((each) => `  ${each}`),
      ...openModeLines([policy]),
    ],
    json: { ok: true, file: path, policy, says },
  };
});

/** What a host that knows nothing more about its packs does well to ask for. */
const START = {
  attestryPolicy: 1,
  mode: 'verified',
  minimumAge: { age: '3d' },
  advisories: { refuse: 'high' },
  yanks: 'refuse',
  deprecated: 'warn',
};

export const init = acting<{ readonly out: string }>(async (settings, { out }) => {
  const registries = settings.urlGiven === true ? { registries: [{ url: registryBase(settings.url) }] } : {};
  await writeFile(out, `${JSON.stringify({ ...START, ...registries }, null, 2)}\n`, { flag: 'wx' });
  const says = sentencesOf(await readPolicy(out));
  return {
    lines: [`Wrote ${out}`, ...says.map((each) => `  ${each}`)],
    json: { ok: true, file: out, says },
  };
});
