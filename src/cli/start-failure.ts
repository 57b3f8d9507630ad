// Why the registry does not start, with the cure; known by name, since the command line imports no room of the server.
import { type Failure, failed } from './failure.ts';

/** What the errors of those rooms may carry beside their message. */
interface Told extends Error {
  readonly code?: unknown;
  readonly cure?: unknown;
  readonly address?: unknown;
  readonly hostname?: unknown;
  readonly port?: unknown;
}

const CORRECT_SETTINGS = 'Correct these settings in the environment and start again.';
const CORRECT_LOCATION = 'Correct BLOB_URL.';
const CHECK_PLACES = 'See that ATTESTRY_DATA_DIR and BLOB_URL name places that can be read and written.';

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Most errors of those rooms bring their cure; bytes know nothing of the settings that say where they lie. */
const cureOf = ({ name, code, cure }: Told): string | undefined => {
  if (name === 'StorageError') return code === 'bad_location' ? CORRECT_LOCATION : CHECK_PLACES;
  return textOf(cure);
};

/** The cure may stand at the end of the message as well; it is said once. */
const without = (message: string, cure: string): string =>
  message.endsWith(cure) ? message.slice(0, -cure.length).trimEnd() : message;

/** Makes a failure of a sentence and its cure. */
type Tell = (code: string, sentence: string, cure: string) => Failure;

const telling =
  (opening: string): Tell =>
  (code, sentence, cure) => {
    const [first = '', ...others] = sentence.split('\n');
    const more = [...others, cure].map((line) => `  ${line}`);
    return failed(code, [`${opening} ${first}`, ...more], { message: sentence, cure });
  };

/** Each setting that is wrong stands on a line of its own. */
const wrongSettings = (tell: Tell, { message }: Error): Failure =>
  tell('usage', `Some settings are wrong.\n${message}`, CORRECT_SETTINGS);

/** Codes of the operating system and of the driver that mean: nobody answered. */
const NO_ANSWER = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'],
  ...['EPIPE', 'CONNECT_TIMEOUT', 'CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED'],
]);

const REFUSED_LOGIN = /^28/;
const NO_SUCH_DATABASE = '3D000';
const NOT_NOW = /^(?:08|53|57P0)/;

const cureOfSqlState = (code: string): string | undefined => {
  if (REFUSED_LOGIN.test(code)) return 'Correct user and password in DATABASE_URL.';
  if (code === NO_SUCH_DATABASE) return 'Make that database, or correct its name in DATABASE_URL.';
  return NOT_NOW.test(code) ? 'Try again in a moment; the database may be starting.' : undefined;
};

const whereOf = ({ address, hostname, port }: Told): string => {
  const host = textOf(address) ?? textOf(hostname);
  const colon = typeof port === 'number' || typeof port === 'string' ? `:${port}` : '';
  return host === undefined ? '' : ` at ${host}${colon}`;
};

const databaseFailure = (tell: Tell, error: Told): Failure | undefined => {
  const code = textOf(error.code) ?? '';
  if (NO_ANSWER.has(code)) {
    const sentence = `The database${whereOf(error)} does not answer (${code}).`;
    return tell('database_unreachable', sentence, 'Start it, or correct DATABASE_URL.');
  }
  const cure = error.name === 'PostgresError' ? cureOfSqlState(code) : undefined;
  if (cure === undefined) return undefined;
  return tell('database_unreachable', `The database says: ${error.message}.`, cure);
};

/** Undefined for what is no known reason. */
export const startFailureOf = (
  error: unknown,
  opening = 'The registry does not start.',
): Failure | undefined => {
  if (!(error instanceof Error)) return undefined;
  const tell = telling(opening);
  if (error.name === 'ConfigError') return wrongSettings(tell, error);
  const cure = cureOf(error);
  if (cure === undefined) return databaseFailure(tell, error);
  return tell('not_started', without(error.message, cure), cure);
};
