// Rotates a key of a pack's keychain (registry-operations.md, Signing-key rotation).

import { permits } from '../../../keys/delegation.ts';
import type { Authenticate } from '../../access/authenticate.ts';
import { delegationOf, delegationsAbout } from '../../access/delegation-store.ts';
import { type Body, textField } from '../../access/fields.ts';
import { standingOf, statementOf } from '../../access/listed-key.ts';
import type { Principal } from '../../access/principal.ts';
import { type RotateDeps, type Rotated, rotateKey } from '../../access/rotate-key.ts';
import type { RotationRequest } from '../../access/rotation-request.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import type { PackName } from '../../protocol/pack-id.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import type { AwaitReceipt } from '../../transparency/receipts.ts';
import { requirePermission } from '../lifecycle/standing.ts';
import { readName } from '../policy.ts';

export interface RotateInPackDeps extends RotateDeps {
  readonly authenticate: Authenticate;
  readonly awaitReceipt: AwaitReceipt;
}

/** Everything here was chosen by the caller. */
export interface RotateInPackRequest {
  readonly name: string;
  readonly authorization: string | undefined;
  readonly body: Body;
}

export interface RotatedInPack extends Rotated {
  readonly name: PackName;
  readonly kid: string;
  readonly rotatedFrom: string;
  /** Undefined where the seal is late. */
  readonly receipt: Receipt | undefined;
}

const optionalText = (body: Body, field: string): string | null =>
  body[field] === undefined || body[field] === null ? null : textField(body, field);

const wrong = (field: string, message: string): Fault => fault('validation_error', { field }, message);

const requireEd25519 = (body: Body): void => {
  if (body['algorithm'] === undefined || body['algorithm'] === 'ed25519') return;
  throw wrong('algorithm', 'algorithm must be "ed25519": keys of other kinds are not taken here.');
};

const readRequest = (body: Body): Omit<RotationRequest, 'oldKeyId'> => {
  requireEd25519(body);
  return {
    keyId: textField(body, 'kid'),
    publicKey: textField(body, 'publicKey'),
    validFrom: textField(body, 'validFrom'),
    validUntil: optionalText(body, 'validUntil'),
    rotationProof: textField(body, 'rotationProof'),
    proof: optionalText(body, 'proof'),
  };
};

/** The latest valid key of the account that speaks for the pack; for a repeated request the one that it was about. */
const latestKey = async (
  the: RotateInPackDeps,
  by: Principal,
  name: PackName,
  kid: string,
): Promise<string> => {
  const rows = (await delegationsAbout(the.sql, name)).filter(
    (row) => row.account === by.account && permits({ namespaces: row.namespaces }, name),
  );
  const again = rows.find((row) => row.rotated_to === kid);
  const [latest] = rows
    .filter((row) => row.rotated_to === null && standingOf(row, the.now()) === 'active')
    .sort((a, b) => b.not_before.getTime() - a.not_before.getTime() || (a.key_id < b.key_id ? -1 : 1));
  const found = again ?? latest;
  if (found === undefined) throw fault('key_not_found', { name });
  return found.key_id;
};

/** A proof that was made for one pack opens no other: the old key has to speak for the one in the address. */
const requireSpeaksFor = async (the: RotateInPackDeps, keyId: string, name: PackName): Promise<void> => {
  const row = await delegationOf(the.sql, keyId);
  if (row === undefined || !permits(statementOf(row), name)) throw fault('key_not_found', { keyId, name });
};

/**
 * @throws Fault invalid_pack_name, forbidden, pack_namespace_unauthorized, pack_not_found for a private pack that the
 *   caller may not see, and those of `rotateKey`
 */
export const rotateInPack =
  (the: RotateInPackDeps) =>
  async (request: RotateInPackRequest): Promise<RotatedInPack> => {
    const name = readName(request.name);
    const by = await requirePermission(the, request, name, 'keys:manage');
    const asked = readRequest(request.body);
    const oldKeyId =
      optionalText(request.body, 'rotatedFrom') ?? (await latestKey(the, by, name, asked.keyId));
    await requireSpeaksFor(the, oldKeyId, name);
    const rotated = await rotateKey(the)(by, { ...asked, oldKeyId });
    const receipt = await the.awaitReceipt(rotated.event);
    return { ...rotated, name, kid: asked.keyId, rotatedFrom: oldKeyId, receipt };
  };
