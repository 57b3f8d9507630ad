// What a key is called: by its option, or like its file.
import { basename } from 'node:path';
import { KEY_ERRORS, KeyError } from '../../keys/errors.ts';
import { type KeyId, parseKeyId } from '../../keys/key.ts';
import { UsageError } from './failure.ts';

/** @throws UsageError */
export const readKeyId = (text: string): KeyId => {
  try {
    return parseKeyId(text);
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    throw new UsageError(`"${text}": ${KEY_ERRORS.key_id}`);
  }
};

/** @throws UsageError where the option, or the name of the file without its ending, names no key */
export const keyIdFor = (file: string, option: string | undefined): KeyId =>
  readKeyId(option ?? basename(file).replace(/\.(?:pem|pub)$/, ''));
