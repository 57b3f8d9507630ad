// The names that the two kinds of bundle have in their own files. Pure.

/** Of one version. */
export const BUNDLE_FORMAT = 'attestry-bundle/v1';

/** Of a whole lockfile. */
export const LOCK_BUNDLE_FORMAT = 'attestry-lock-bundle/v1';
