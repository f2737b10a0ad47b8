import { weightPenalty } from '../../kernels/further_updates.ts';
import { gradientAt, gradientField, recordField, recordWords } from '../../kernels/record.ts';
import {
  type ChunkedShape,
  chunkVec4s,
  type EndOfStepShape,
  type GradientNormShape,
  gradientNorm,
  gradientNormReduce,
} from '../../kernels/update.ts';
import type { Clip } from '../../model/optimizer.ts';
import { clipFactors } from '../../reference/clip.ts';
import { gradientNorm as norm } from '../../reference/norm.ts';
import { weightPenalty as penaltyOf, regularize } from '../../reference/regularizer.ts';
import { endStep } from '../../reference/step.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { boundOf, tolerances, unitRoundoff } from '../tolerance.ts';
import { type Arena, chunkOf, likeArena } from './arena.ts';
import { floats, type KernelCheck, sameFloats, within } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';
import { sameState, stateFrom } from './state_words.ts';

export const endOfStep = { beta1: 0.9, beta2: 0.999, badStepsToHalt: 3 };

const chunked = (arena: Arena): ChunkedShape => ({
  elements: arena.elements,
  chunks: arena.chunks.length / 4,
  tensors: arena.tensors.length,
});

const shapeOf = (arena: Arena, clip: Clip | undefined): EndOfStepShape => ({
  ...chunked(arena),
  record: { words: recordWords(arena.tensors.length), slots: 4 },
  ...endOfStep,
  clip,
});

const regularizerOf = (regularizers: Float32Array, tensor: number) => ({
  l1: regularizers[2 * tensor]!,
  l2: regularizers[2 * tensor + 1]!,
});

/**
 * Per chunk: the sum of squares, the number of non-finite elements, and the largest magnitude. If l1 and l2 of the tensors are
 * given, their gradients are added first.
 */
export function checkGradientNorm(arena: Arena, regularizers?: Float32Array): KernelCheck<GradientNormShape> {
  return {
    kernel: gradientNorm,
    shape: { ...chunked(arena), regularized: regularizers !== undefined },
    given: { dw: arena.dw, chunks: arena.chunks, ...(regularizers && { regularizers, w: likeArena(arena, 50) }) },
    twin: ({ dw, w }) => {
      // Exact if nothing is added.
      const whole = Float64Array.from(dw!);
      const bound = new Float64Array(whole.length);
      if (regularizers) {
        for (let i = 0; i < arena.chunks.length / 4; i++) {
          const [first, end, tensor] = arena.chunks.subarray(4 * i).subarray(0, 3);
          const of = <T extends Float32Array | Float64Array>(values: T) => values.subarray(4 * first!, 4 * end!);
          const given = { dw: of(dw as Float32Array), w: of(w as Float32Array) };
          const added = regularize(regularizerOf(regularizers, tensor!), given);
          const size = regularize(regularizerOf(regularizers, tensor!), {
            dw: given.dw.map(Math.abs),
            w: given.w.map(Math.abs),
          });
          of(whole).set(added);
          of(bound).set(boundOf(tolerances.regularized, added, { terms: 3, magnitude: size }));
        }
      }
      return {
        ...(regularizers && {
          dw: (name, bits) => {
            for (let i = 0; i < arena.chunks.length / 4; i++) {
              const [first, end] = arena.chunks.subarray(4 * i);
              const of = <T extends Float32Array | Float64Array>(values: T) => values.subarray(4 * first!, 4 * end!);
              expectWithin(`${name} in chunk ${i}`, of(floats(bits)), of(whole), of(bound));
            }
          },
        }),
        partials: (name, bits) => {
          for (let i = 0; i < arena.chunks.length / 4; i++) {
            const [first, end] = arena.chunks.subarray(4 * i);
            const chunk = whole.subarray(4 * first!, 4 * end!);
            const { squares, nonFinite, largest } = norm(chunk);
            const off = norm(bound.subarray(4 * first!, 4 * end!)).norm;
            const [sum, bad, top, none] = floats(bits).subarray(4 * i);
            expectSame(`${name}[${i}].yw`, [bad!, none!], [nonFinite, 0]);
            if (regularizers) expectWithin(`${name}[${i}].largest`, [top!], [largest], off);
            else sameFloats([largest])(`${name}[${i}].largest`, bits.subarray(4 * i + 2, 4 * i + 3));
            const how = { terms: chunk.length + 1, magnitude: [squares] };
            if (Number.isFinite(Math.fround(squares))) {
              const ofSum =
                boundOf(tolerances.gradient_norm, [squares], how)[0]! + 2 * Math.sqrt(squares) * off + off ** 2;
              expectWithin(`${name}[${i}].squares`, [sum!], [squares], ofSum);
            } else if (Number.isFinite(sum)) throw new Error(`${name}[${i}]: squares that are finite: ${sum}`);
          }
        },
      };
    },
  };
}

/** Per chunk: l1 * sum of magnitudes and l2 * sum of squares; 0 for a tensor without a regularizer, whatever its content. */
export function checkWeightPenalty(arena: Arena, regularizers: Float32Array): KernelCheck<ChunkedShape> {
  return {
    kernel: weightPenalty,
    shape: chunked(arena),
    given: { w: arena.dw, chunks: arena.chunks, regularizers },
    twin: ({ w }) => {
      const expected = Float64Array.from({ length: arena.chunks.length / 4 }, (_, i) =>
        penaltyOf(regularizerOf(regularizers, arena.chunks[4 * i + 2]!), chunkOf(arena, i, w as Float32Array)),
      );
      const terms = chunkVec4s * 4 + 2;
      return {
        penalties: within(expected, boundOf(tolerances.gradient_norm, expected, { terms, magnitude: expected })),
      };
    },
  };
}

export interface EndOfStepCase {
  /** State before the launch. */
  state: Uint32Array;
  loss: number;
  clip?: Clip;
  /** Whether the momentum follows Nadam's schedule. */
  isScheduled?: boolean;
}

/**
 * Checks the second half: it reduces chunks to tensors and decides whether the step is skipped. The results of the first half are the
 * twin's.
 */
export function checkGradientNormReduce(
  arena: Arena,
  { state, loss, clip, isScheduled }: EndOfStepCase,
): KernelCheck<EndOfStepShape> {
  const shape = { ...shapeOf(arena, clip), ...(isScheduled && { isScheduled }) };
  const { words, slots } = shape.record;
  const before = stateFrom(state);
  const first = (before.step! % slots) * words;
  const records = new Uint32Array(words * slots).fill(poison);
  records.set(new Uint32Array(Float32Array.of(loss).buffer), first + recordField.loss);
  const partials = new Float32Array(4 * shape.chunks);
  for (let i = 0; i < shape.chunks; i++) {
    const { squares, nonFinite, largest } = norm(chunkOf(arena, i, arena.dw));
    partials.set([squares, nonFinite, largest, 0], 4 * i);
  }
  return {
    kernel: gradientNormReduce,
    shape,
    given: { partials, tensors: arena.ranges, records, state },
    twin: () => {
      const norms = arena.tensors.map((tensor) => norm(tensor));
      const after = endStep(
        { ...endOfStep, isScheduled, global: clip?.by === 'globalNorm' },
        { state: before, loss, norms },
      );
      const squares = norms.map((tensor) => tensor.squares);
      const factors = clipFactors(
        {
          clipnorm: clip?.by === 'norm' ? clip.most : undefined,
          globalClipnorm: clip?.by === 'globalNorm' ? clip.most : undefined,
        },
        squares,
      );
      return {
        ...(clip &&
          clip.by !== 'value' && {
            // Only for a step that is not skipped, because skipped steps leave the weights unchanged.
            factors: (name, bits) => {
              if (after.skipped) return;
              const terms = shape.chunks + shape.tensors + 2;
              const bound = boundOf(tolerances.clip_factors, factors, { terms, magnitude: factors });
              expectWithin(name, floats(bits), factors, bound);
            },
          }),
        state: sameState(after.state, {
          ...correctionBounds(after.state),
          // exp2 may have an error of 3 ulp and twice its argument's; the product that contains it decays.
          ...(isScheduled && { correction1: 8 * unitRoundoff }),
        }),
        records: (name, bits) => {
          const expected = records.slice();
          expected[first + recordField.skipped] = Number(after.skipped);
          expected[first + recordField.updates] = before.updates!;
          expected[first + recordField.halted] = before.halted!;
          expected[first + recordField.learningRate] = new Uint32Array(
            Float32Array.of(before.learning_rate!).buffer,
          )[0]!;
          for (const [t, { squares, nonFinite }] of norms.entries()) {
            const at = first + gradientAt(t);
            const [from, to] = arena.ranges.subarray(2 * t);
            // Each partial was rounded once, and they are added sequentially.
            const how = { terms: to! - from! + 1, magnitude: [squares] };
            if (Number.isFinite(Math.fround(squares))) {
              const bound = boundOf(tolerances.gradient_norm, [squares], how);
              expectWithin(`${name}[${t}].squares`, [floats(bits)[at]!], [squares], bound);
            }
            expected[at] = bits[at]!;
            expected[at + gradientField.nonFinite] = nonFinite;
          }
          expectSame(name, bits, expected);
        },
      };
    },
  };
}

/** Accumulated rounding error of the bias corrections since the first update, following the shaders' recurrence step by step. */
export function correctionBounds({ updates }: Readonly<Record<string, number>>): Record<string, number> {
  const boundAfter = (beta: number) => {
    let bound = 0;
    for (let t = 1; t <= updates!; t++) {
      // The previous error decays with beta; 1 - beta, the product and the sum are each rounded, in either direction.
      const size = 1 - beta ** t;
      bound = beta * bound + 2 * unitRoundoff * (size + 2 * (1 - beta) * beta ** (t - 1));
    }
    return bound;
  };
  return { correction1: boundAfter(endOfStep.beta1), correction2: boundAfter(endOfStep.beta2) };
}
