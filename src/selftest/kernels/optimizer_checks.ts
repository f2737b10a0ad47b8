import { type SgdShape, sgd } from '../../kernels/further_optimizers.ts';
import { type AdamShape, adam } from '../../kernels/optimizers.ts';
import type { UpdateShape } from '../../kernels/update.ts';
import { betasOf, type Clip, type FilledOptimizer, slotsOf } from '../../model/optimizer.ts';
import { updateKernelOf } from '../../plan/update.ts';
import * as adamTwin from '../../reference/adam.ts';
import { clipGradients } from '../../reference/clip.ts';
import { nadamProduct } from '../../reference/nadam.ts';
import { gradientNorm, measureUpdate } from '../../reference/norm.ts';
import * as sgdTwin from '../../reference/sgd.ts';
import { updateTensor } from '../../reference/train.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type Arena, arenaOf, chunkOf, likeArena } from './arena.ts';
import { floats, type KernelCheck, type Verify } from './check_kernel.ts';
import { type Contents, poison } from './guarded_launch.ts';
import { stateOf } from './state_words.ts';

export interface UpdateCase {
  /** Number of elements of each tensor. */
  tensors: number[];
  measured: boolean;
  learningRate: number;
  /** Gradients lie between -scale and scale. */
  scale: number;
  clip?: Clip | undefined;
  weightDecay?: number | undefined;
}

export interface AdamCase extends UpdateCase, Omit<AdamShape, keyof UpdateShape> {
  /** Update number, from 1. */
  t: number;
}

export interface SgdCase extends UpdateCase, Omit<SgdShape, keyof UpdateShape> {}

type Numbers = Float64Array;

export const shapeOf = (arena: Arena, c: UpdateCase): UpdateShape => ({
  elements: arena.elements,
  chunks: arena.chunks.length / 4,
  tensors: arena.tensors.length,
  measured: c.measured,
  clip: c.clip,
  weightDecay: c.weightDecay,
});

/** One clipping factor per tensor, as gradient_norm_reduce would compute, or an arbitrary one. */
export const factorsOf = (arena: Arena, { clip }: UpdateCase) =>
  clip && clip.by !== 'value' && { factors: Float32Array.from(numbers(arena.tensors.length, 60), (u) => (u + 1) / 2) };

/** The gradients after clipping. */
export function clipped(arena: Arena, { clip }: UpdateCase, { dw, factors }: Record<string, Contents>): Numbers {
  const taken = Float64Array.from(dw!);
  for (let i = 0; i < arena.chunks.length / 4; i++) {
    const [first, end, tensor] = arena.chunks.subarray(4 * i, 4 * i + 3);
    const of = taken.subarray(4 * first!, 4 * end!);
    if (clip?.by === 'value') of.set(clipGradients({ clipvalue: clip.most }, [of])[0]!);
    else if (factors) of.set(of.map((g) => factors[tensor!]! * g));
  }
  return taken;
}

export function checkAdam(c: AdamCase): KernelCheck<AdamShape> {
  const arena = arenaOf(c.tensors, c.scale);
  // Before the first update the averages are 0.
  const past = c.t > 1 ? c.scale : 0;
  return {
    kernel: adam,
    shape: { ...shapeOf(arena, c), beta1: c.beta1, beta2: c.beta2, epsilon: c.epsilon },
    given: {
      dw: arena.dw,
      chunks: arena.chunks,
      ...factorsOf(arena, c),
      m: likeArena(arena, 20, (u) => past * u),
      v: likeArena(arena, 30, (u) => (past * u) ** 2),
      w: likeArena(arena, 40),
      state: stateOf({
        learning_rate: c.learningRate,
        correction1: 1 - c.beta1 ** c.t,
        correction2: 1 - c.beta2 ** c.t,
        updates: c.t,
      }),
    },
    twin: (given) => {
      const { w, m, v } = given;
      const inputs = { dw: clipped(arena, c, given), w: w!, m: m!, v: v!, t: c.t };
      const after = adamTwin.adam(c, inputs);
      const size = adamTwin.adamMagnitude(c, inputs);
      const bound = (name: 'w' | 'm' | 'v') =>
        boundOf(tolerances.adam, after[name], { terms: 1, magnitude: size[name] });
      const near = (name: 'w' | 'm' | 'v') => inTensors(arena, after[name], bound(name));
      const partials = c.measured && { partials: measured(arena, w!, after.w, bound('w')) };
      return { w: near('w'), m: near('m'), v: near('v'), ...partials };
    },
  };
}

export function checkSgd(c: SgdCase): KernelCheck<SgdShape> {
  const arena = arenaOf(c.tensors, c.scale);
  return {
    kernel: sgd,
    shape: { ...shapeOf(arena, c), momentum: c.momentum, nesterov: c.nesterov },
    given: {
      dw: arena.dw,
      chunks: arena.chunks,
      ...factorsOf(arena, c),
      w: likeArena(arena, 40),
      state: stateOf({ learning_rate: c.learningRate }),
      ...(c.momentum > 0 && { v: likeArena(arena, 30, (u) => 0.1 * u) }),
    },
    twin: (given) => {
      const { w, v } = given;
      const inputs = { dw: clipped(arena, c, given), w: w!, v: v ?? new Float32Array(w!.length) };
      const after = sgdTwin.sgd(c, inputs);
      const size = sgdTwin.sgdMagnitude(c, inputs);
      const bound = (name: 'w' | 'v') => boundOf(tolerances.sgd, after[name], { terms: 3, magnitude: size[name] });
      const near = (name: 'w' | 'v') => inTensors(arena, after[name], bound(name));
      const partials = c.measured && { partials: measured(arena, w!, after.w, bound('w')) };
      return { w: near('w'), ...(c.momentum > 0 && { v: near('v') }), ...partials };
    },
  };
}

export interface OptimizerCase extends UpdateCase {
  optimizer: FilledOptimizer;
  /** Update number, from 1. */
  t: number;
}

/** Scale of each slot relative to the gradients. Slots that hold squares or magnitudes are not negative. */
export const slotValues: Record<string, (u: number, scale: number) => number> = {
  m: (u, scale) => 0.5 * scale * u,
  a: (u, scale) => 0.5 * scale * u,
  // Larger than the square of any average.
  v: (u, scale) => (0.5 + 0.5 * u * u) * scale ** 2,
  vHat: (u, scale) => (0.5 + 0.6 * Math.abs(u)) * scale ** 2,
  u: (u, scale) => 1.2 * scale * Math.abs(u),
};

/** Condition number: the change of the twin's results if every input has a relative error, divided by that error. */
export function conditionOf(
  update: (of: Record<string, Numbers>) => Record<string, Numbers>,
  given: Record<string, Numbers>,
) {
  const share = 2 ** -20;
  const exact = update(given);
  const size = Object.fromEntries(Object.entries(exact).map(([name, values]) => [name, values.map(Math.abs)]));
  for (const name of Object.keys(given)) {
    for (const off of [1 + share, 1 - share]) {
      const moved = update({ ...given, [name]: given[name]!.map((value) => value * off) });
      for (const [of, values] of Object.entries(moved)) {
        for (const [i, value] of values.entries()) size[of]![i]! += Math.abs(value - exact[of]![i]!) / share;
      }
    }
  }
  return { exact, size };
}

/** Checks any elementwise optimizer; its bound is derived from the sensitivity of its results to its inputs. */
export function checkOptimizer(c: OptimizerCase): KernelCheck<UpdateShape> {
  const { optimizer, t } = c;
  const arena = arenaOf(c.tensors, c.scale);
  const { kernel, numbers: ofKernel } = updateKernelOf(optimizer);
  const shape = { ...shapeOf(arena, c), ...ofKernel };
  const slots = slotsOf(optimizer);
  const { beta1, beta2, isScheduled } = betasOf(optimizer);
  const filled = { ...optimizer, learningRate: c.learningRate, weightDecay: c.weightDecay ?? 0 };
  // Before the first update the averages are 0.
  const past = t > 1 ? c.scale : 0;
  return {
    kernel,
    shape,
    given: {
      dw: arena.dw,
      chunks: arena.chunks,
      ...factorsOf(arena, c),
      ...Object.fromEntries(
        slots.map((name, i) => [name, likeArena(arena, 20 + i, (u) => slotValues[name]!(u, past))]),
      ),
      w: likeArena(arena, 40),
      state: stateOf({
        learning_rate: c.learningRate,
        correction1: 1 - (isScheduled ? nadamProduct(beta1, t) : beta1 ** t),
        correction2: 1 - beta2 ** t,
        updates: t,
      }),
    },
    twin: (given) => {
      const inputs = {
        dw: clipped(arena, c, given),
        ...Object.fromEntries(['w', ...slots].map((name) => [name, Float64Array.from(given[name]!)])),
      };
      const update = ({ dw, w, ...of }: Record<string, Numbers>): Record<string, Numbers> => {
        const after = updateTensor(filled, { dw: dw!, w: w!, slots: of, t });
        return { w: after.w, ...after.slots };
      };
      const { exact, size } = conditionOf(update, inputs);
      const bound = (name: string) => boundOf(tolerances.optimizer, exact[name]!, { terms: 1, magnitude: size[name]! });
      const near = ['w', ...slots].map((name) => [name, inTensors(arena, exact[name]!, bound(name))]);
      const partials = c.measured && { partials: measured(arena, given.w!, exact.w!, bound('w')) };
      return { ...Object.fromEntries(near), ...partials };
    },
  };
}

/** Checks that every tensor is within its bound, and that the poison between the tensors is unchanged. */
export function inTensors(arena: Arena, expected: Numbers, bound: Numbers): Verify {
  return (name, bits) => {
    const between = bits.slice();
    for (let i = 0; i < arena.chunks.length / 4; i++) {
      const [first, end] = arena.chunks.subarray(4 * i);
      const of = <T extends Float32Array | Numbers>(values: T) => values.subarray(4 * first!, 4 * end!);
      expectWithin(`${name} in chunk ${i}`, of(floats(bits)), of(expected), of(bound));
      between.fill(poison, 4 * first!, 4 * end!);
    }
    expectSame(`between the tensors of ${name}`, between, new Uint32Array(between.length).fill(poison));
  };
}

/**
 * The figures of an update per chunk. The error of an element's change is at most that of its new weight, and the error of the norm
 * of all changes is at most the norm of those errors.
 */
export function measured(arena: Arena, before: Contents, after: Numbers, bound: Numbers): Verify {
  return (name, bits) => {
    for (let i = 0; i < arena.chunks.length / 4; i++) {
      const [first, end] = arena.chunks.subarray(4 * i);
      const of = (values: Numbers) => values.subarray(4 * first!, 4 * end!);
      const old = chunkOf(arena, i, before as Float32Array);
      const { weightSquares, updateSquares, nonFinite } = measureUpdate(old, of(after));
      const [ofWeights, ofUpdate, bad, none] = floats(bits).subarray(4 * i);
      expectSame(`${name}[${i}].zw`, [bad!, none!], [nonFinite, 0]);
      // Each term is rounded when it is computed, from a difference that was rounded too.
      const sum = (squares: number) =>
        boundOf(tolerances.gradient_norm, [squares], { terms: old.length + 3, magnitude: [squares] })[0]!;
      expectWithin(`${name}[${i}].x`, [ofWeights!], [weightSquares], sum(weightSquares));
      const off = gradientNorm(of(bound)).norm;
      const offSquares = 2 * Math.sqrt(updateSquares) * off + off ** 2;
      expectWithin(`${name}[${i}].y`, [ofUpdate!], [updateSquares], sum(updateSquares) + offSquares);
    }
  };
}
