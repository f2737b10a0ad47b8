import { type AdamShape, adam, type SgdShape, sgd } from '../../src/kernels/step.ts';
import * as adamTwin from '../../src/reference/adam.ts';
import * as sgdTwin from '../../src/reference/sgd.ts';
import { numbers } from '../reference/central_differences.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, within } from './check_kernel.ts';
import { stateOf } from './state_words.ts';

export interface AdamCase extends AdamShape {
  learningRate: number;
  /** The update's number, from 1. */
  t: number;
  /** The gradients lie from -scale to scale. */
  scale: number;
}

const from = (count: number, seed: number, scale: number) => Float32Array.from(numbers(count, seed), (u) => scale * u);

export function checkAdam(c: AdamCase): KernelCheck<AdamShape> {
  const count = 4 * c.elements;
  // Nothing has been averaged before the first update.
  const past = c.t > 1 ? c.scale : 0;
  return {
    kernel: adam,
    shape: { elements: c.elements, beta1: c.beta1, beta2: c.beta2, epsilon: c.epsilon },
    given: {
      dw: from(count, 1, c.scale),
      m: from(count, 2, past),
      v: from(count, 3, past).map((value) => value * value),
      w: from(count, 4, 1),
      state: stateOf({
        learning_rate: c.learningRate,
        correction1: 1 - c.beta1 ** c.t,
        correction2: 1 - c.beta2 ** c.t,
        updates: c.t,
      }),
    },
    twin: ({ dw, w, m, v }) => {
      const inputs = { dw: dw!, w: w!, m: m!, v: v!, t: c.t };
      const after = adamTwin.adam(c, inputs);
      const size = adamTwin.adamMagnitude(c, inputs);
      const near = (name: 'w' | 'm' | 'v') =>
        within(after[name], boundOf(tolerances.adam, after[name], { terms: 1, magnitude: size[name] }));
      return { w: near('w'), m: near('m'), v: near('v') };
    },
  };
}

export interface SgdCase extends SgdShape {
  learningRate: number;
}

export function checkSgd(c: SgdCase): KernelCheck<SgdShape> {
  const count = 4 * c.elements;
  return {
    kernel: sgd,
    shape: { elements: c.elements, momentum: c.momentum, nesterov: c.nesterov },
    given: {
      dw: from(count, 1, 2),
      w: from(count, 4, 1),
      state: stateOf({ learning_rate: c.learningRate }),
      ...(c.momentum > 0 && { v: from(count, 3, 0.1) }),
    },
    twin: ({ dw, w, v }) => {
      const inputs = { dw: dw!, w: w!, v: v ?? new Float32Array(count) };
      const after = sgdTwin.sgd(c, inputs);
      const size = sgdTwin.sgdMagnitude(c, inputs);
      const near = (name: 'w' | 'v') =>
        within(after[name], boundOf(tolerances.sgd, after[name], { terms: 3, magnitude: size[name] }));
      return { w: near('w'), ...(c.momentum > 0 && { v: near('v') }) };
    },
  };
}
