// The two majors of the protocol as a conformance suite speaks them: where it publishes, and what it says of itself.

export const MAJORS = ['v1', 'v2'] as const;
export type Major = (typeof MAJORS)[number];

export const BASES = { v1: '/v1/packs-test', v2: '/conformance/seams/packs-test' } as const;

/** The header by which a request says its major; v1 says nothing. */
export const on = (major: Major): Record<string, string> =>
  major === 'v2' ? { 'OpenWOP-Version': '2.0' } : {};

export const testAddress = (major: Major, name: string, version = '1.0.0', ending = 'tgz'): string =>
  `${BASES[major]}/${name}/-/${version}.${ending}`;
