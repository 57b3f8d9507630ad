// The archive of a version: believed by the version's own id, read in one pass, nothing missing and nothing beside it.
import type { Cid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { type ArchivedEntry, openVersionCar, type VersionCar } from '../../protocol/knowledge/car.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import type { VersionManifest } from '../../protocol/knowledge/version.ts';
import { type Answer, notChecked, refusal, yes } from '../refusal.ts';
import type { Trust } from '../trust.ts';
import { requireVersionSigned } from './signed.ts';

export interface ArchiveQuestion {
  readonly base: BaseId;
  /** Known beforehand: nothing that the archive says of itself is believed. */
  readonly version: Cid;
  /** Who speaks for the base, where that is known and asked about. */
  readonly trust?: Trust | undefined;
  readonly now?: Date | undefined;
  /** Is shown each entry as it comes; its document is read here, or is read and checked all the same. */
  readonly visit?: ((entry: ArchivedEntry) => Promise<void>) | undefined;
}

export interface VerifiedArchive {
  readonly manifest: VersionManifest;
  /** The text of the envelope in it. */
  readonly envelope: string;
  readonly keyId: string | undefined;
  readonly checked: readonly Answer[];
}

const refusalOf = (error: unknown, { base, version }: ArchiveQuestion): unknown => {
  if (!(error instanceof ContentError)) return error;
  const evidence = { base, version, reason: error.code, ...error.details };
  return refusal('export', 'export_mismatch', evidence, undefined, error);
};

const readAll = async (car: VersionCar, { visit }: ArchiveQuestion): Promise<void> => {
  for await (const item of car.items()) {
    if (item.kind === 'entry') await visit?.(item);
  }
};

const signedBy = ({ block, envelope }: VersionCar, question: ArchiveQuestion): string | undefined => {
  const { base, trust, now = new Date() } = question;
  return trust && requireVersionSigned(trust, { base, block, envelope, recorded: undefined }, now);
};

const NOT_ASKED = 'an archive is believed by the id of its version';
const NOT_IN_IT = 'an archive holds no proof of the log';

/** What an unfinished visit was shown is no version: only what this resolves to is. @throws Refusal of `export` */
export const verifyKnowledgeArchive = async (
  source: AsyncIterable<Uint8Array>,
  question: ArchiveQuestion,
): Promise<VerifiedArchive> => {
  try {
    const car = await openVersionCar(source, question.version);
    try {
      const { manifest, envelope } = car;
      if (manifest.kb !== question.base)
        throw refusal('manifest', 'version_of_another_base', { expected: question.base, found: manifest.kb });
      const keyId = signedBy(car, question);
      await readAll(car, question);
      const signed = keyId === undefined ? notChecked('signature', NOT_ASKED) : yes('signature');
      const checked = [yes('manifest'), yes('export'), signed, notChecked('leaf', NOT_IN_IT)];
      return { manifest, envelope, keyId, checked };
    } finally {
      await car.close();
    }
  } catch (error) {
    throw refusalOf(error, question);
  }
};
