// Compares the keys, revocations, roots and namespaces that a registry serves with what its log records, both ways.
import { equalBytes, fromUtf8 } from '../../../keys/bytes.ts';
import { canonicalText } from '../../../keys/canonical.ts';
import { type Delegation, delegationJson } from '../../../keys/delegation.ts';
import { instantMs } from '../../../keys/document.ts';
import { parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { type PublicKey, parsePublicKey } from '../../../keys/key.ts';
import type { Keyring } from '../../../keys/keyring.ts';
import type { Revocation } from '../../../keys/revocation.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import { isPrivateNamespace } from '../../protocol/pack-id.ts';
import { addressOf } from '../discovery.ts';
import type { PackChecks } from './compare-packs.ts';
import { AT_ONCE } from './fetch.ts';
import type { LoggedKey, LoggedRevocation } from './key-table.ts';
import type { ServedLists } from './lists.ts';

const MAX_KEY_BYTES = 4096;
const MAX_ROOT_BYTES = 256 * 1024;

const isPrivate = ({ namespaces }: Delegation): boolean => namespaces.some(isPrivateNamespace);

const same = (a: Delegation, b: Delegation): boolean =>
  canonicalText(delegationJson(a)) === canonicalText(delegationJson(b));

/** A keyring that was issued before a rotation was sealed may know of it or not. */
const saysTheLog = ({ delegation, rotation }: LoggedKey, found: Delegation, treeSize: number): boolean =>
  same(delegation, found) ||
  (rotation !== undefined && rotation.position >= treeSize && same(rotation.before, found));

/** What is private stands in the log as a commitment only, which nobody can compare from outside. */
const checkDelegations = ({ facts, report }: PackChecks, keyring: Keyring): void => {
  const { keys } = facts.keyTable;
  const listed = new Set<string>(keyring.delegations.map(({ keyId }) => keyId));
  for (const delegation of keyring.delegations) {
    const logged = keys.get(delegation.keyId);
    const subject = `key:${delegation.keyId}`;
    if (logged === undefined) {
      if (!isPrivate(delegation) || !facts.kinds.has('sealed')) report('keyring_unlogged', subject);
    } else if (!saysTheLog(logged, delegation, keyring.treeSize)) {
      const evidence = { expected: delegationJson(logged.delegation), found: delegationJson(delegation) };
      report('keyring_mismatch', subject, evidence, logged.position);
    }
  }
  // What was recorded after the keyring was issued stands in the next one.
  for (const [keyId, { position }] of keys)
    if (position < keyring.treeSize && !listed.has(keyId))
      report('keyring_missing', `key:${keyId}`, {}, position);
};

const sameRevocation = (a: LoggedRevocation, b: Revocation): boolean =>
  a.fromPosition === b.fromPosition && a.reason === b.reason;

const checkRevocation = (
  { report }: PackChecks,
  keyring: Keyring,
  [keyId, { revocation }]: readonly [string, LoggedKey],
): void => {
  const found = keyring.revocations.find((each) => each.keyId === keyId);
  const subject = `key:${keyId}`;
  if (revocation === undefined) {
    if (found !== undefined) report('revocation_unlogged', subject, { ...found });
    return;
  }
  const { position, ...expected } = revocation;
  if (position >= keyring.treeSize) return;
  if (found === undefined) report('revocation_missing', subject, expected, position);
  else if (!sameRevocation(revocation, found)) {
    const { fromPosition, reason } = found;
    report('revocation_mismatch', subject, { expected, found: { fromPosition, reason } }, position);
  }
};

/** A key that the log knows under no name, of which the keyring says that it is private, was revoked behind a seal. */
const checkRevocations = (the: PackChecks, keyring: Keyring): void => {
  const { keys } = the.facts.keyTable;
  for (const entry of keys) checkRevocation(the, keyring, entry);
};

const servedKey = async (
  { registry }: PackChecks,
  keyId: string,
): Promise<PublicKey | 'none' | undefined> => {
  const path = addressOf(registry.discovery.publicKey, { keyId });
  const bytes = await registry.reader.bytes('delegation', path, MAX_KEY_BYTES);
  if (bytes === undefined) return undefined;
  try {
    return parsePublicKey(fromUtf8(bytes) ?? '');
  } catch (error) {
    if (error instanceof KeyError) return 'none';
    throw error;
  }
};

const checkServedKeys = (the: PackChecks): Promise<void> =>
  inLanes(the.facts.keyTable.keys, AT_ONCE, async ([keyId, { position, delegation }]) => {
    const served = await servedKey(the, keyId);
    if (served === undefined) the.report('key_missing', `key:${keyId}`, {}, position);
    else if (served === 'none' || !equalBytes(served, delegation.publicKey))
      the.report('key_mismatch', `key:${keyId}`, {}, position);
  });

/** That a key was followed by another, where the log has it neither followed nor at its end. */
const isRotatedUnlogged = (status: string, { delegation, rotation }: LoggedKey, now: Date): boolean =>
  status === 'rotated' && rotation === undefined && now.getTime() < instantMs(delegation.notAfter);

/** The discovery document names keys for clients that know nothing of keyrings. */
const checkListedKeys = ({ registry, facts, report }: PackChecks): void => {
  const { keys } = facts.keyTable;
  for (const { keyId, status } of registry.discovery.signingKeys ?? []) {
    const logged = keys.get(keyId);
    if (logged === undefined) report('key_unlogged', `key:${keyId}`, { status });
    else if ((status === 'revoked') !== (logged.revocation !== undefined))
      report('key_standing', `key:${keyId}`, { found: status }, logged.position);
    else if (isRotatedUnlogged(status, logged, registry.now))
      report('rotation_unlogged', `key:${keyId}`, { where: 'signingKeys' }, logged.position);
  }
  const listed = new Set(registry.discovery.signingKeys?.map(({ keyId }) => keyId));
  for (const [keyId, { position, delegation }] of keys)
    if (registry.discovery.signingKeys !== undefined && !listed.has(keyId) && !isPrivate(delegation))
      report('key_missing', `key:${keyId}`, { where: 'signingKeys' }, position);
};

const payloadOf = (bytes: Uint8Array): Uint8Array => {
  try {
    return parseEnvelope(bytes).payload;
  } catch (error) {
    if (error instanceof KeyError) return new Uint8Array();
    throw error;
  }
};

const checkRoots = async ({ registry, facts, report }: PackChecks): Promise<void> => {
  const { trust, discovery, reader } = registry;
  const { roots } = facts.keyTable;
  if (trust === undefined || discovery.trust === undefined) return;
  const template = discovery.trust.rootVersion;
  await inLanes(roots, AT_ONCE, async ([version, { position, payload }]) => {
    const path = template.replaceAll('{version}', String(version));
    const served = await reader.bytes('root', path, MAX_ROOT_BYTES);
    if (served === undefined) report('root_missing', `root:${version}`, { path }, position);
    else if (!equalBytes(payloadOf(served), payload))
      report('root_other', `root:${version}`, { path }, position);
  });
  const { version } = trust.root;
  if (!roots.has(version)) report('root_unlogged', `root:${version}`);
};

/** Private namespaces are listed to nobody, and recorded behind seals. */
export const checkNamespaces = ({ facts, report }: PackChecks, { holders }: ServedLists): void => {
  if (holders === undefined) return;
  for (const [namespace, { position, account }] of facts.claims) {
    const found = holders.get(namespace);
    const subject = `namespace:${namespace}`;
    if (found === undefined) report('namespace_missing', subject, {}, position);
    else if (found !== account) report('namespace_holder', subject, { expected: account, found }, position);
  }
  for (const [namespace, found] of holders)
    if (!facts.claims.has(namespace)) report('namespace_unlogged', `namespace:${namespace}`, { found });
};

/** Rejects where the registry does not answer. */
export const checkKeys = async (the: PackChecks): Promise<void> => {
  const keyring = the.registry.trust?.keyring;
  if (keyring !== undefined) {
    checkDelegations(the, keyring);
    checkRevocations(the, keyring);
  }
  checkListedKeys(the);
  await checkServedKeys(the);
  await checkRoots(the);
};
