// Whether the host runs the language of a pack and grants its code what it asks of the platform. Pure.
import { clipped, listOf } from '../manifest/read.ts';
import { find } from './capability.ts';
import type { HostView } from './host.ts';
import type { Named, PackNeeds, Runtime } from './needs.ts';
import { notChecked, type Said, unmet } from './said.ts';
import { LANGUAGES, NAMED_RUNTIMES, PRIMITIVES } from './tables.ts';

const LANGUAGE = '/runtime/language';

/** RFC 0008: a host loads no module of an ABI that it does not list. */
const checkAbi = (facet: string, { abi, language }: Runtime, host: HostView): readonly Said[] => {
  const found = find(host, { family: 'nodePackRuntimes', path: [facet, 'abiVersions'] });
  const listed = found.has ? found.values.flatMap((each) => listOf(each)) : [];
  const shown = clipped(listed.map(String).join(', '), 80) || 'none';
  if (abi === undefined)
    return [
      notChecked(
        LANGUAGE,
        `the ABI of the ${language} module`,
        `it stands in the module itself; the host loads ${shown}`,
      ),
    ];
  if (listed.includes(abi)) return [];
  return [unmet('unsupported_runtime', '/runtime/wasm/abiVersion', `ABI ${abi}`, `loads ABI ${shown}`)];
};

const checkNamed = (facet: string, runtime: Runtime, host: HostView): readonly Said[] => {
  const found = find(host, { family: 'nodePackRuntimes', path: [facet] });
  const abi =
    facet === 'wasm' && (found.has || runtime.abi !== undefined) ? checkAbi(facet, runtime, host) : [];
  if (found.has) return abi;
  return [unmet('unsupported_runtime', LANGUAGE, `runtime ${runtime.language}`, found.why), ...abi];
};

/** node-pack-runtimes.md §Languages; the document has names for what loads WASM, and for no other language. */
const checkLanguage = (runtime: Runtime, host: HostView): readonly Said[] => {
  const { language } = runtime;
  const needs = `runtime ${clipped(language)}`;
  if (!LANGUAGES.has(language))
    return [unmet('unsupported_runtime', LANGUAGE, needs, 'cannot run a language that no version has')];
  const facet = Object.hasOwn(NAMED_RUNTIMES, language) ? NAMED_RUNTIMES[language] : undefined;
  if (facet !== undefined) return checkNamed(facet, runtime, host);
  if (find(host, { family: 'nodePackRuntimes', path: [language] }).has) return [];
  if (language === 'remote' && find(host, { family: 'mcp', path: [] }).has) return [];
  return [notChecked(LANGUAGE, needs, 'discovery documents do not say which hosts run it')];
};

/** RFC 0076 §A: what is granted broadly is granted in each part, and never the other way round. */
const isGranted = (token: string, grants: readonly string[]): boolean =>
  grants.some((grant) => token === grant || token.startsWith(`${grant}.`));

const checkPrimitive = ({ id, where }: Named, { grants }: HostView): readonly Said[] => {
  if (!PRIMITIVES.has(id))
    return [unmet('invalid_manifest', where, clipped(id), 'must not grant what no version specifies')];
  if (grants === undefined)
    return [
      notChecked(where, id, 'discovery documents do not say what is granted; name it with the question'),
    ];
  if (isGranted(id, grants)) return [];
  const granted = clipped(grants.join(', '), 200) || 'nothing';
  return [unmet('pack_runtime_requirement_unmet', where, id, `grants ${granted}`)];
};

/** A pack of agents alone brings no code, whatever its language reads (node-packs.md, `agents`). */
const bringsCode = ({ gives, agents }: PackNeeds): boolean => gives.size > agents.length;

export const checkRuntime = (pack: PackNeeds, host: HostView): readonly Said[] => {
  const { runtime } = pack;
  if (runtime === undefined) return [];
  const language = bringsCode(pack) || !LANGUAGES.has(runtime.language) ? checkLanguage(runtime, host) : [];
  return [...language, ...runtime.requires.flatMap((each) => checkPrimitive(each, host))];
};
