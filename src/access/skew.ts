// How far clocks may disagree before nothing is signed or believed by them. Pure.

/** Clocks that are set by the network agree far better than this; keys and lists live for days and years. */
export const MAX_SKEW_MS = 5 * 60 * 1_000;
