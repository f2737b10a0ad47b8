import { packState, type StateValues, stateFields, stateWords } from '../../kernels/state.ts';
import type { State } from '../../reference/step.ts';
import { expectWithin } from '../compare.ts';
import { floats, type Verify } from './check_kernel.ts';

/** All words of a state; what is left out is zero. */
export function stateOf(values: StateValues): Uint32Array {
  const words = new Uint32Array(stateWords);
  words.set(new Uint32Array(packState({ seed: 0, ...values })));
  return words;
}

/** The words that packState writes as floats: 1.0 has other bits than 1. */
const isFloat = stateFields.map((field, i) => stateOf({ [field]: 1 })[i] !== 1);

/** A state's words by their names. */
export const stateFrom = (words: Uint32Array): State =>
  Object.fromEntries(stateFields.map((field, i) => [field, isFloat[i] ? floats(words)[i]! : words[i]!]));

/** Every word is the twin's; those with a bound may be that far off. */
export const sameState =
  (expected: State, bounds: Record<string, number> = {}): Verify =>
  (name, bits) => {
    const actual = stateFrom(bits);
    for (const field of stateFields) {
      expectWithin(`${name}.${field}`, [actual[field]!], [expected[field]!], bounds[field] ?? 0);
    }
  };
