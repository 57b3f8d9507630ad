// A root as people read it, with who signed and what is missing, and as machines do. Pure.
import { instantMs } from '../../keys/document.ts';
import { formatVkey, keyFingerprint, type NamedKey } from '../../keys/key.ts';
import type { Root } from '../../keys/root.ts';
import type { Result } from './command.ts';
import { counted } from './count.ts';
import type { RootEnvelope } from './root-file.ts';
import { completeness, missingLines, type RoleStanding, standingsOf } from './root-signatures.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

const termLine = ({ issuedAt, expires }: Root, now: Date): string => {
  const days = Math.floor((instantMs(expires) - now.getTime()) / DAY_MS);
  const left = days < 0 ? 'EXPIRED: clients refuse this registry' : `in ${counted(days, 'day')}`;
  return `  issued ${issuedAt}, expires ${expires} (${left})`;
};

const keyLine = ({ keyId, publicKey }: NamedKey): string => `${keyId}  ${keyFingerprint(publicKey)}`;

const signerLines = ({ keys, version }: Root, { threshold, signedBy }: RoleStanding): readonly string[] => [
  `  keys of root ${version}, of which ${threshold} must sign:`,
  ...keys.map((key) => `    ${signedBy.includes(key.keyId) ? '✓' : '–'} ${keyLine(key)}`),
];

/** `now` only says how long it is good. */
export const rootReport = (of: RootEnvelope, previous: Root | undefined, now: Date): Result => {
  const { root } = of;
  const standings = standingsOf(of, previous);
  const roots = previous === undefined ? [root] : [root, previous];
  const signers = roots.flatMap((each, index) => {
    const standing = standings[index];
    return standing === undefined ? [] : signerLines(each, standing);
  });
  const lines = [
    `Root ${root.version} of ${root.registry}`,
    termLine(root, now),
    ...signers,
    `  registrar keys, of which ${root.registrar.threshold} must sign:`,
    ...root.registrar.keys.map((key) => `    ${keyLine(key)}`),
    `  log ${formatVkey(root.log.vkey)}`,
    ...missingLines(of, previous),
  ];
  return { lines, json: rootJson(of, previous) };
};

const keyJson = ({ keyId, publicKey }: NamedKey) => ({ keyId, fingerprint: keyFingerprint(publicKey) });

const rootJson = (of: RootEnvelope, previous: Root | undefined) => {
  const { version, registry, issuedAt, expires, threshold, keys, registrar, log } = of.root;
  return {
    version,
    registry,
    issuedAt,
    expires,
    threshold,
    keys: keys.map(keyJson),
    registrar: { threshold: registrar.threshold, keys: registrar.keys.map(keyJson) },
    log: { origin: log.origin, vkey: formatVkey(log.vkey) },
    signatures: standingsOf(of, previous),
    state: completeness(of, previous),
  };
};
