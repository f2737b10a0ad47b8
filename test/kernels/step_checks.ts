import type { StateValues } from '../../src/kernels/state.ts';
import { beginStep, type SumPartsShape, sumParts } from '../../src/kernels/step.ts';
import { magnitude } from '../../src/reference/magnitude.ts';
import * as step from '../../src/reference/step.ts';
import * as sum from '../../src/reference/sum_parts.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, within } from './check_kernel.ts';
import { sameState, stateFrom, stateOf } from './state_words.ts';

export function checkBeginStep(batch: number, values: StateValues): KernelCheck<{ batch: number }> {
  const state = stateOf(values);
  return {
    kernel: beginStep,
    shape: { batch },
    given: { state },
    twin: () => ({ state: sameState(step.beginStep({ batch }, { state: stateFrom(state) }).state) }),
  };
}

export function checkSumParts(shape: SumPartsShape): KernelCheck<SumPartsShape> {
  return {
    kernel: sumParts,
    shape,
    twin: ({ dw_parts, db_parts }) => {
      const near = (x: ArrayLike<number>) => {
        const { y } = sum.sumParts(shape, { x });
        const size = magnitude(sum.sumParts, shape, { x }).y;
        return within(y, boundOf(tolerances.conv2d_backward_w, y, { terms: shape.parts, magnitude: size }));
      };
      return { dw: near(dw_parts!), ...(db_parts && { db: near(db_parts) }) };
    },
  };
}
