// What the root commands do: a ceremony that needs no network until its last step.
import { envelopeText, MAX_SIGNATURES, signEnvelope } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import { type Role, type Root, verifyFirstRoot } from '../../keys/root.ts';
import { loadSeedSigner } from '../../keys/signers/seed.ts';
import { registryOf } from './ask.ts';
import { acting, type Result } from './command.ts';
import type { End, KeyFile } from './commands/root-options.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { readKeyId } from './key-name.ts';
import { readKeyFiles, readPublicKeyFile } from './public-key-file.ts';
import { draftOf, firstRoot, nextRoot } from './root-draft.ts';
import { fetchRoot, isUrl, readRootFile, readSignedRoot, replaceRoot, writeNewRoot } from './root-file.ts';
import { rootReport } from './root-lines.ts';
import { holderOf, missingLines, requirePrevious } from './root-signatures.ts';

interface InitOptions {
  readonly origin: string;
  readonly threshold: number;
  readonly key: readonly KeyFile[];
  readonly registrar: readonly KeyFile[];
  readonly registrarThreshold: number;
  readonly log: string;
  readonly expires: End;
  readonly out: string;
}

/** @throws UsageError where more keys must sign than there are */
const requireReachable = (option: string, { threshold, keys }: Role): void => {
  if (threshold <= keys.length) return;
  const there = `${keys.length === 1 ? 'is' : 'are'} ${counted(keys.length, 'key')}`;
  throw new UsageError(`${threshold} keys must sign, and there ${there} only: see ${option}.`);
};

const written = async (root: Root, path: string, previous?: Root): Promise<Result> => {
  requireReachable('--threshold', root);
  requireReachable('--registrar-threshold', root.registrar);
  const envelope = draftOf(root);
  await writeNewRoot(path, envelope);
  const { lines, json } = rootReport({ root, envelope }, previous, new Date());
  return { lines: [`Wrote ${path}, which nobody has signed yet.`, ...lines], json };
};

export const init = acting<InitOptions>(async (_settings, options) => {
  const now = new Date();
  const { origin, threshold, registrarThreshold, out } = options;
  const registrar = { threshold: registrarThreshold, keys: await readKeyFiles(options.registrar) };
  const [keys, log] = [await readKeyFiles(options.key), await readPublicKeyFile(options.log)];
  const expires = options.expires(now);
  return written(firstRoot({ origin, threshold, keys, registrar, log, now, expires }), out);
});

interface RotateOptions {
  readonly from: string;
  readonly addKey: readonly KeyFile[];
  readonly removeKey: readonly string[];
  readonly threshold?: number;
  readonly registrar?: readonly KeyFile[];
  readonly registrarThreshold?: number;
  readonly log?: string;
  readonly expires: End;
  readonly out: string;
}

export const rotate = acting<RotateOptions>(async (_settings, options) => {
  const now = new Date();
  const from = await readSignedRoot(options.from);
  const next = nextRoot(from, {
    now,
    expires: options.expires(now),
    added: await readKeyFiles(options.addKey),
    removed: options.removeKey,
    threshold: options.threshold,
    registrarKeys: options.registrar && (await readKeyFiles(options.registrar)),
    registrarThreshold: options.registrarThreshold,
    log: options.log === undefined ? undefined : await readPublicKeyFile(options.log),
  });
  return written(next, options.out, from);
});

interface PreviousOption {
  readonly previous?: string;
}

const previousOf = async ({ previous }: PreviousOption): Promise<Root | undefined> =>
  previous === undefined ? undefined : readSignedRoot(previous);

export const sign = acting<PreviousOption & { readonly key: string; readonly keyId?: string }>(
  async (_settings, options, file = '') => {
    const { root, envelope } = await readRootFile(file);
    const previous = await previousOf(options);
    requirePrevious(root, previous);
    const found = envelope.signatures.length + 1;
    if (found > MAX_SIGNATURES) throw new KeyError('envelope_too_large', { limit: MAX_SIGNATURES, found });
    const signer = await loadSeedSigner(options.key, readKeyId(options.keyId ?? 'holder'));
    const holder = holderOf({ root, envelope }, previous, signer.publicKey, options.keyId);
    const { signatures } = await signEnvelope(envelope, [{ ...holder, sign: signer.sign }]);
    const signed = { ...envelope, signatures: [...envelope.signatures, ...signatures] };
    await replaceRoot(file, signed);
    const { json } = rootReport({ root, envelope: signed }, previous, new Date());
    const lines = missingLines({ root, envelope: signed }, previous);
    return { lines: [`Signed ${file} (root ${root.version}) as ${holder.keyId}.`, ...lines], json };
  },
);

export const show = acting<PreviousOption>(async (settings, options, place = '') => {
  if (isUrl(place)) {
    const fetched = await fetchRoot(settings, place);
    return rootReport(fetched, fetched.previous, new Date());
  }
  const of = await readRootFile(place);
  const previous = await previousOf(options);
  requirePrevious(of.root, previous);
  return rootReport(of, previous, new Date());
});

export const publish = acting(async (settings, _options, file = '') => {
  const { envelope } = await readRootFile(file);
  const { version, registry } = verifyFirstRoot(envelope);
  const document = JSON.parse(envelopeText(envelope)) as object;
  const { status, body } = await registryOf(settings).ask('POST', '/trust/roots', document);
  const done = status === 201 ? 'is published' : 'was published before; nothing has changed';
  return { lines: [`Root ${version} of ${registry} ${done}.`], json: body };
});
