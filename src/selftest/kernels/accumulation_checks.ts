import {
  type AccumulateGradientsShape,
  accumulatedFields,
  accumulateGradients,
  beginMicroBatch,
  type MicroBatchPlace,
} from '../../kernels/accumulation.ts';
import { recordField } from '../../kernels/record.ts';
import type { StateValues } from '../../kernels/state.ts';
import * as reference from '../../reference/accumulation.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { arenaOf, likeArena } from './arena.ts';
import { floats, type KernelCheck, type Verify } from './check_kernel.ts';
import { inTensors } from './optimizer_checks.ts';
import { sameState, stateFrom, stateOf } from './state_words.ts';

interface AccumulatedValues {
  own: number;
  count: number;
  loss: number;
  correct: number;
}

/** The words of an Accumulated; `loss` is a float, and so is `correct` if it is fractional. */
function accumulatedOf(values: AccumulatedValues, fractional = false): Uint32Array {
  const words = Uint32Array.from(accumulatedFields, (field) => values[field as keyof AccumulatedValues]);
  const at = (field: keyof AccumulatedValues) => accumulatedFields.indexOf(field);
  floats(words)[at('loss')] = values.loss;
  if (fractional) floats(words)[at('correct')] = values.correct;
  return words;
}

export function checkBeginMicroBatch(batch: number, values: StateValues, loss = 1): KernelCheck<{ batch: number }> {
  const before = { own: 7, count: 9, loss, correct: 3 };
  const state = stateOf(values);
  return {
    kernel: beginMicroBatch,
    shape: { batch },
    given: { state, accumulated: accumulatedOf(before) },
    twin: () => {
      const after = reference.beginMicroBatch({ batch }, { state: stateFrom(state), accumulated: { ...before } });
      return {
        state: sameState(after.state),
        accumulated: (name, bits) => expectSame(name, bits, accumulatedOf(after.accumulated as never)),
      };
    },
  };
}

export interface AccumulateCase {
  /** Number of elements of each tensor. */
  tensors: number[];
  place: MicroBatchPlace;
  /** Number of valid samples in this micro-batch, and in the step including it. */
  own: number;
  count: number;
  fractional?: boolean;
}

export function checkAccumulateGradients(c: AccumulateCase): KernelCheck<AccumulateGradientsShape> {
  const { place, own, count, fractional = false } = c;
  const arena = arenaOf(c.tensors);
  const record = { words: 12, slots: 4 };
  const step = 6;
  const at = (step % record.slots) * record.words;
  const [loss, correct] = [10.5, fractional ? 4.25 : 2];
  const before = { own, count, loss: 3.25, correct: fractional ? 1.5 : 5 };
  const records = new Uint32Array(record.words * record.slots).fill(77);
  records[at + recordField.count] = own;
  floats(records)[at + recordField.loss] = loss;
  records[at + recordField.correct] = correct;
  if (fractional) floats(records)[at + recordField.correct] = correct;
  const counts = own > 0;
  const sum = {
    loss: place === 'first' ? loss : before.loss + (counts ? loss : 0),
    correct: place === 'first' ? correct : before.correct + (counts ? correct : 0),
  };
  return {
    kernel: accumulateGradients,
    shape: {
      elements: arena.elements,
      chunks: arena.chunks.length / 4,
      tensors: arena.tensors.length,
      place,
      fractional,
      record,
    },
    given: {
      dw: arena.dw,
      chunks: arena.chunks,
      state: stateOf({ step, count: own }),
      s: place === 'first' ? 'unread' : likeArena(arena, 20, (u) => 5 * u),
      accumulated: accumulatedOf(before, fractional),
      records,
    },
    twin: ({ dw, s }): Record<string, Verify> => {
      const terms = Float64Array.from(dw!, (g, i) => (s ? s[i]! : 0) + own * g);
      const size = Float64Array.from(dw!, (g, i) => (s ? Math.abs(s[i]!) : 0) + own * Math.abs(g));
      const share = place === 'last' ? 1 / count : 1;
      const expected = terms.map((value) => share * value);
      const magnitude = size.map((value) => share * value);
      const bound = boundOf(tolerances.accumulate_gradients, expected, { terms: 2, magnitude });
      const near = inTensors(arena, expected, bound);
      if (place === 'last') {
        const after = records.slice();
        after[at + recordField.count] = count;
        floats(after)[at + recordField.loss] = sum.loss;
        after[at + recordField.correct] = sum.correct;
        if (fractional) floats(after)[at + recordField.correct] = sum.correct;
        return { dw: near, records: (name, bits) => expectSame(name, bits, after) };
      }
      const accumulated: Verify = (name, bits) => {
        const after = accumulatedOf({ ...before, ...sum, ...(place === 'first' && { count: own }) }, fractional);
        expectWithin(name, bits, after, 0);
      };
      return { s: near, accumulated };
    },
  };
}
