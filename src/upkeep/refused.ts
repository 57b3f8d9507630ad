// Why an operator's command does not do what it was asked to: one closed list, each with its cure. Pure.

export const REFUSALS = {
  no_registry: [
    'There is no registry in that folder.',
    'Name its folder with ATTESTRY_DATA_DIR, or its database with DATABASE_URL.',
  ],
  sealer_running: [
    'A registry is running and seals its log, so nothing is changed under its hands.',
    'Stop every "attestry serve" of this registry and run this again.',
  ],
  other_schema: [
    'The database has another shape than this program expects.',
    'Start the registry once with this program, which brings the database to its shape, or use the program that fits.',
  ],
  database_behind: [
    'The database is older than the log in the blob store: blobs that it does not name may belong to versions of the newer one.',
    'Recover the newer database, or find out whether BLOB_URL is the store of this registry. Nothing was removed.',
  ],
  log_unsound: [
    'The rows of the log do not hash to the head that was signed.',
    'See "attestry fsck": a backup of it would only keep the damage.',
  ],
  backup_of_another: ['The folder holds a backup of another log.', 'Name another folder, or an empty one.'],
  backup_ahead: [
    'The folder holds a backup of a larger log: this registry was set back.',
    'Restore that backup instead of writing over it, or name another folder.',
  ],
  backup_drops_keys: [
    'The folder holds a backup with the private keys of the registry, and this one would take their place without them.',
    'Run it again with --with-keys, or name another folder for a backup without keys.',
  ],
  backup_unfinished: [
    'The folder holds no finished backup: its manifest is missing.',
    'Finish it with "attestry backup", or use another one.',
  ],
  backup_form: ['The manifest of the backup cannot be read.', 'Use another backup.'],
  backup_version: ['The backup was written in another format.', 'Use the program that wrote it.'],
  backup_damaged: ['The backup is not what its manifest says.', 'Use another backup; nothing was restored.'],
  backup_unproven: [
    'The rows of the backup do not hash to the checkpoint that it carries, or nobody of its root signed that.',
    'Use another backup; nothing was restored.',
  ],
  backup_of_damage: [
    'What was backed up was damaged already.',
    'Use an earlier backup, or restore this one all the same with --despite-damage.',
  ],
  database_not_empty: [
    'The database holds something already.',
    'Restore into an empty one: another DATABASE_URL, or another ATTESTRY_DATA_DIR.',
  ],
  store_not_empty: [
    'The blob store holds objects that are not in the backup.',
    'Restore into an empty one: another BLOB_URL, or another ATTESTRY_DATA_DIR.',
  ],
  keys_taken: [
    'The folder of private keys holds other keys under names of the backup.',
    'Move them away, or restore with another ATTESTRY_DATA_DIR. Nothing was written over.',
  ],
  log_would_shrink: [
    'A larger log than the one in the backup was signed already: what came after would be lost, and every client that saw it would find a fork.',
    [
      'Recover the newer database, or use a newer backup.',
      'Where neither exists, what was published after the backup is lost: restore into an empty blob store at another',
      'address, publish it again, erase again what was erased from bases since then, and tell everybody who uses this',
      'registry that its log went back.',
    ].join('\n'),
  ],
  log_would_fork: [
    'The log in the backup is not the one of that checkpoint.',
    'They belong to different registries, or one of them was tampered with: find out which before anything else.',
  ],
  checkpoint_unreadable: [
    'The newer checkpoint cannot be read, or no key of this log has signed it.',
    'Name a checkpoint of this log, such as <registry>/transparency/checkpoint.',
  ],
} as const satisfies Readonly<Record<string, readonly [string, string]>>;

export type RefusalCode = keyof typeof REFUSALS;

export class UpkeepRefused extends Error {
  override readonly name = 'UpkeepRefused';
  readonly code: RefusalCode;
  readonly cure: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: RefusalCode, details: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(REFUSALS[code][0], cause === undefined ? {} : { cause });
    this.code = code;
    this.cure = REFUSALS[code][1];
    this.details = details;
  }
}
