// Evidence as people read it: nothing empty, nothing in braces, and no second "code".
import { describe, expect, it } from 'vitest';
import { cureOfRefusal } from '../../src/cli/cures.ts';
import { evidenceLines } from '../../src/cli/evidence.ts';
import { REFUSALS, type RefusalCode } from '../../src/client/index.ts';

describe('evidence', () => {
  it('is indented below its name, and what says nothing is left out', () => {
    const seen = { size: 5, root: 'abc', note: null };
    const details = { seen, proof: [], reason: '', link: undefined, names: ['a', 'b'], empty: { in: {} } };
    expect(evidenceLines(details)).toEqual(['  seen:', '    size: 5', '    root: abc', '  names: a, b']);
  });

  it('shows why under another name than the code of the failure', () => {
    expect(evidenceLines({ code: 'envelope_form', found: 0, right: false })).toEqual([
      '  because: envelope_form',
      '  found: 0',
      '  right: false',
    ]);
  });

  it('says where the evidence of a fork was saved', () => {
    expect(evidenceLines({ saved: '/home/x/state.json.fork-5.json' })).toEqual([
      '  saved: /home/x/state.json.fork-5.json',
    ]);
  });
});

describe('the cure of a refusal', () => {
  it('is one sentence for every reason there is', () => {
    for (const code of Object.keys(REFUSALS) as RefusalCode[])
      expect([code, cureOfRefusal(code, {})]).toEqual([code, expect.stringMatching(/^[A-Z].{10,}/)]);
  });

  it('of keyrings and heads that are not believed never removes what is remembered', () => {
    expect(cureOfRefusal('keyring_signature', {})).toMatch(/another network.+ask the operator/);
    expect(cureOfRefusal('keyring_signature', { state: '/home/x/state.json' })).toMatch(
      /another network.+ask the operator.+only if you know.+remove \/home\/x\/state\.json/,
    );
    expect(cureOfRefusal('checkpoint_signature', {})).toMatch(/another network.+ask the operator/);
  });
});
