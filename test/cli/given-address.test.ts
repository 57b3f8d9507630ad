// The address of a registry in an option: one spelling of it, or a refusal that begins with the option.
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/cli/failure.ts';
import { givenAddress } from '../../src/cli/given-address.ts';

describe('the address of a registry in an option', () => {
  it('has one spelling', () => {
    for (const url of ['https://packs.example', 'https://packs.example/', 'HTTPS://PACKS.example:443/'])
      expect(givenAddress('--root', url)).toBe('https://packs.example');
  });

  it('is used wrongly where it is none, and the option is named', () => {
    for (const option of ['--root', '--from'] as const)
      for (const url of ['nowhere', '', 'file:///etc/passwd']) {
        const reading = () => givenAddress(option, url);
        expect(reading).toThrow(UsageError);
        expect(reading).toThrow(`${option}: ${url} is no address of a registry.`);
      }
  });
});
