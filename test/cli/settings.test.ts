// Settings in the environment mean what they say.
import { describe, expect, it, onTestFinished } from 'vitest';
import { acme, registryWith } from '../client/host.ts';
import { newShell } from '../world/cli.ts';
import { makePack } from '../world/packs.ts';
import { emptyRegistry } from '../world/static-registry.ts';

/** A registry that sends its clients on to another address of this machine. */
const redirecting = async (): Promise<string> => {
  const registry = await registryWith([await makePack(acme)]);
  const front = await emptyRegistry();
  onTestFinished(() => front.close());
  front.lieAbout(/./, (response, _honest, request) =>
    response.writeHead(302, { location: `${registry.url}${request.url}` }).end(),
  );
  return front.url;
};

const verifyWith = async (setting: string, ...more: readonly string[]) => {
  const shell = await newShell({ ATTESTRY_ALLOW_PRIVATE_ADDRESSES: setting });
  return shell.run('verify', 'vendor.acme.tools@1.0.0', '--url', await redirecting(), ...more);
};

describe('ATTESTRY_ALLOW_PRIVATE_ADDRESSES', { timeout: 60_000 }, () => {
  it.each(['1', 'true'])('%s allows redirects into the local network', async (setting) => {
    expect(await verifyWith(setting)).toMatchObject({ code: 0 });
  });

  it.each(['0', 'false', ''])('"%s" does not', async (setting) => {
    const { code, stderr } = await verifyWith(setting);
    expect(code).toBe(1);
    expect(stderr).toContain('cause: redirect_private');
  });

  it('is overruled by the option', async () => {
    expect(await verifyWith('false', '--allow-private-addresses')).toMatchObject({ code: 0 });
  });

  it.each(['no', 'TRUE', '2'])('%s is a wrong use that names the setting', async (setting) => {
    const { code, stdout, stderr } = await verifyWith(setting);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('ATTESTRY_ALLOW_PRIVATE_ADDRESSES');
    expect(stderr).toContain('1, true, 0 or false');
  });
});
