// The error of a request that nobody needs to be asked about. Pure.

/** The request itself makes no sense; nothing was asked of any registry. */
export class RequestInvalid extends Error {
  override readonly name = 'RequestInvalid';
}
