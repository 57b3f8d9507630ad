// attestry kb pause, resume, hold, release: stops a base, or what is accepted into it, and lets it go on.
import { acting } from '../command.ts';
import { baseAddress, baseNamed } from './names.ts';
import { type AsOptions, knowledgeRegistry, placeOf } from './registry.ts';

interface StandingOptions extends AsOptions {
  readonly reason?: string;
  readonly stopReads?: boolean;
}

const SAID = {
  pause: 'is paused: nothing is proposed, decided or moved but back',
  resume: 'goes on',
  hold: 'is held: nothing is accepted until it is released',
  release: 'takes acceptances again',
} as const;

const turning = (act: keyof typeof SAID) =>
  acting<StandingOptions>(async (settings, options, name = '') => {
    const base = baseNamed(name);
    const { reason, stopReads } = options;
    const reply = await knowledgeRegistry(settings, options).write('POST', `${baseAddress(base)}/${act}`, {
      ...(reason === undefined ? {} : { reason_code: reason }),
      ...(stopReads === true ? { reads: false } : {}),
    });
    return { lines: [`${base} ${SAID[act]}${placeOf(reply)}.`], json: reply.body };
  });

export const pause = turning('pause');
export const resume = turning('resume');
export const hold = turning('hold');
export const release = turning('release');
