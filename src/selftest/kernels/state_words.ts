import { packState, type StateValues, stateFields, stateWords } from '../../kernels/state.ts';
import type { State } from '../../reference/step.ts';
import { expectWithin } from '../compare.ts';
import { floats, type Verify } from './check_kernel.ts';

/** All words of a state; omitted ones are zero. */
export function stateOf(values: StateValues): Uint32Array {
  const words = new Uint32Array(stateWords);
  words.set(new Uint32Array(packState({ seed: 0, ...values })));
  return words;
}

/** Which words packState writes as floats, detected by the bits of 1.0. */
const isFloat = stateFields.map((field, i) => stateOf({ [field]: 1 })[i] !== 1);

/** The words of a state, by name. */
export const stateFrom = (words: Uint32Array): State =>
  Object.fromEntries(stateFields.map((field, i) => [field, isFloat[i] ? floats(words)[i]! : words[i]!]));

/** Checks that every word equals the twin's, within its bound if it has one. */
export const sameState =
  (expected: State, bounds: Record<string, number> = {}): Verify =>
  (name, bits) => {
    const actual = stateFrom(bits);
    for (const field of stateFields) {
      expectWithin(`${name}.${field}`, [actual[field]!], [expected[field]!], bounds[field] ?? 0);
    }
  };
