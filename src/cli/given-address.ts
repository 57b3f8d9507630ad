// The address of a registry as an option names it, in the one spelling of an address.
import { registryBase } from '../client/network/http-url.ts';
import { TransportError } from '../network/transport-error.ts';
import { UsageError } from './failure.ts';

/** @throws UsageError that begins with the option */
export const givenAddress = (option: '--root' | '--from', url: string): string => {
  try {
    return registryBase(url);
  } catch (error) {
    if (error instanceof TransportError)
      throw new UsageError(`${option}: ${url} is no address of a registry.`);
    throw error;
  }
};
