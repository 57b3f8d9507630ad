// Reads and writes the one file of a bundle: whole or not at all, and never over another file.
import { open } from 'node:fs/promises';
import { type Bundle, bundleBytes, MAX_BUNDLE_BYTES, parseBundle } from '../client/bundle.ts';
import { placeNewFile } from '../client/part-files.ts';
import { UsageError } from './failure.ts';

/** @throws Refusal `bundle_unreadable`; UsageError for a file that is larger than any bundle */
export const readBundle = async (path: string): Promise<Bundle> => {
  const file = await open(path, 'r');
  try {
    if ((await file.stat()).size > MAX_BUNDLE_BYTES)
      throw new UsageError(
        `${path} is larger than any bundle of one version; what "attestry bundle --lock" wrote is for "attestry install --bundle".`,
      );
    return parseBundle(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
};

/** Gives the number of bytes. */
export const writeBundle = async (path: string, bundle: Bundle): Promise<number> => {
  const bytes = bundleBytes(bundle);
  await placeNewFile(path, (file) => file.writeFile(bytes));
  return bytes.length;
};
