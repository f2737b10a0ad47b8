import { recordField, recordWords } from '../../src/kernels/step.ts';
import {
  type ChunkedShape,
  type GradientNormShape,
  gradientNorm,
  gradientNormReduce,
} from '../../src/kernels/update.ts';
import { gradientNorm as norm } from '../../src/reference/norm.ts';
import { endStep } from '../../src/reference/step.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { boundOf, tolerances, unitRoundoff } from '../tolerance.ts';
import { type Arena, chunkOf } from './arena.ts';
import { floats, type KernelCheck, sameFloats } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';
import { sameState, stateFrom } from './state_words.ts';

export const endOfStep = { beta1: 0.9, beta2: 0.999, badStepsToHalt: 3 };

const shapeOf = (arena: Arena): GradientNormShape => ({
  elements: arena.elements,
  chunks: arena.chunks.length / 4,
  tensors: arena.tensors.length,
  record: { words: recordWords(arena.tensors.length), slots: 4 },
  ...endOfStep,
});

/** A chunk's sum of squares, how many of its elements aren't finite, and the largest. */
export function checkGradientNorm(arena: Arena): KernelCheck<ChunkedShape> {
  return {
    kernel: gradientNorm,
    shape: { elements: arena.elements, chunks: arena.chunks.length / 4 },
    given: { dw: arena.dw, chunks: arena.chunks },
    twin: () => ({
      partials: (name, bits) => {
        for (let i = 0; i < arena.chunks.length / 4; i++) {
          const chunk = chunkOf(arena, i, arena.dw);
          const { squares, nonFinite, largest } = norm(chunk);
          const [sum, ...others] = floats(bits).subarray(4 * i, 4 * i + 4);
          sameFloats([nonFinite, largest, 0])(`${name}[${i}].yzw`, new Uint32Array(Float32Array.from(others).buffer));
          const how = { terms: chunk.length + 1, magnitude: [squares] };
          if (Number.isFinite(Math.fround(squares))) {
            expectWithin(`${name}[${i}].squares`, [sum!], [squares], boundOf(tolerances.gradient_norm, [squares], how));
          } else if (Number.isFinite(sum)) throw new Error(`${name}[${i}]: squares that are finite: ${sum}`);
        }
      },
    }),
  };
}

export interface EndOfStepCase {
  /** The state before. */
  state: Uint32Array;
  loss: number;
}

/** The second half: chunks to tensors, and whether the step counts. Its first half's results are the twin's. */
export function checkGradientNormReduce(arena: Arena, { state, loss }: EndOfStepCase): KernelCheck<GradientNormShape> {
  const shape = shapeOf(arena);
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
      const after = endStep(endOfStep, { state: before, loss, norms });
      return {
        state: sameState(after.state, correctionBounds(after.state)),
        records: (name, bits) => {
          const expected = records.slice();
          expected[first + recordField.skipped] = Number(after.skipped);
          expected[first + recordField.updates] = before.updates!;
          expected[first + recordField.halted] = before.halted!;
          for (const [t, { squares, nonFinite }] of norms.entries()) {
            const at = first + recordField.tensors + 2 * t;
            const [from, to] = arena.ranges.subarray(2 * t);
            // Each partial was rounded once, and they are added in a row.
            const how = { terms: to! - from! + 1, magnitude: [squares] };
            if (Number.isFinite(Math.fround(squares))) {
              const bound = boundOf(tolerances.gradient_norm, [squares], how);
              expectWithin(`${name}[${t}].squares`, [floats(bits)[at]!], [squares], bound);
            }
            expected[at] = bits[at]!;
            expected[at + 1] = nonFinite;
          }
          expectSame(name, bits, expected);
        },
      };
    },
  };
}

/** What rounding can have done to the bias corrections since the first update, step by step in shaders' recurrence. */
export function correctionBounds({ updates }: Readonly<Record<string, number>>): Record<string, number> {
  const boundAfter = (beta: number) => {
    let bound = 0;
    for (let t = 1; t <= updates!; t++) {
      // The error so far fades with beta; 1 - beta is rounded, the product and the sum are, in either direction.
      const size = 1 - beta ** t;
      bound = beta * bound + 2 * unitRoundoff * (size + 2 * (1 - beta) * beta ** (t - 1));
    }
    return bound;
  };
  return { correction1: boundAfter(endOfStep.beta1), correction2: boundAfter(endOfStep.beta2) };
}
