// Reads the addresses that people and registries give: http or https, and no credentials in them. Pure.
import { TransportError } from '../../network/transport-error.ts';

/** @throws TransportError `address_invalid` */
export const parseHttpUrl = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username || url.password)
    throw new TransportError('address_invalid', { found: text.slice(0, 300) });
  return url;
};

/** The address without what makes two spellings of one registry: trailing slashes, query, fragment. */
export const registryBase = (text: string): string => {
  const url = parseHttpUrl(text);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
};
