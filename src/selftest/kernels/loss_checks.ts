import { type LossShape, softmaxCrossEntropy } from '../../kernels/losses.ts';
import { type RecordShape, recordField } from '../../kernels/record.ts';
import * as reference from '../../reference/softmax_cross_entropy.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { floats, type KernelCheck, type Verify, within } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';
import { stateOf } from './state_words.ts';

export interface LossCase {
  batch: number;
  classes: number;
  /** Number of real samples. */
  count: number;
  /** Whether targets are soft labels. */
  soft: boolean;
  step: number;
  record: RecordShape;
  /** Logits lie between -scale and scale. */
  scale: number;
  /** Number of chunks of weights with a penalty. */
  penalties?: number;
}

/** Labels, or soft labels of which every second is zero and whose sum need not be 1. */
function targetsOf({ batch, classes, soft }: LossCase): { labels: Uint32Array } | { targets: Float32Array } {
  const label = (u: number) => Math.floor(((u + 1) / 2) * classes);
  if (!soft) return { labels: Uint32Array.from(numbers(batch, 3), label) };
  return { targets: Float32Array.from(numbers(batch * classes, 3), (u) => Math.max(0, u)) };
}

export function checkSoftmaxCrossEntropy(c: LossCase): KernelCheck<LossShape> {
  const epoch = 5;
  return {
    kernel: softmaxCrossEntropy,
    shape: {
      batch: c.batch,
      classes: c.classes,
      soft: c.soft,
      record: c.record,
      ...(c.penalties && { penalties: c.penalties }),
    },
    given: {
      z: Float32Array.from(numbers(c.batch * c.classes, 4), (u) => c.scale * u),
      state: stateOf({ step: c.step, epoch, count: c.count }),
      ...targetsOf(c),
    },
    twin: ({ z, labels, targets, penalties }) => {
      const penalty = c.count * Array.from(penalties ?? []).reduce((sum, value) => sum + value, 0);
      const { p, dz, loss, correct } = reference.softmaxCrossEntropy(c, { z: z!, labels, targets });
      // Remove the mean's division, so that the bound is that of one sample.
      const scaled = dz.map((value) => value * c.count);
      const nearScaled: Verify = (name, bits) => {
        const actual = Float64Array.from(floats(bits), (value) => value * c.count);
        expectWithin(name, actual, scaled, boundOf(tolerances.softmax_cross_entropy_dz, scaled));
      };
      const first = (c.step % c.record.slots) * c.record.words;
      const words = new Uint32Array(c.record.words * c.record.slots).fill(poison);
      words[first + recordField.step] = c.step;
      words[first + recordField.epoch] = epoch;
      words[first + recordField.count] = c.count;
      words[first + recordField.correct] = correct;
      return {
        p: within(p, boundOf(tolerances.softmax, p)),
        dz: nearScaled,
        // The rest of the ring must not change.
        records: (name, bits) => {
          const at = first + recordField.loss;
          const bound = lossBound(c, { z: z!, labels, targets });
          const size = c.count * Array.from(penalties ?? [0], Math.abs).reduce((sum, value) => sum + value);
          const ofPenalty = boundOf(tolerances.penalty, [penalty], {
            terms: (c.penalties ?? 0) + 2,
            magnitude: [size + loss],
          })[0]!;
          expectWithin(`${name}.loss`, [floats(bits)[at]!], [loss + penalty], bound + (penalties ? ofPenalty : 0));
          expectSame(name, bits, words.with(at, bits[at]!));
        },
      };
    },
  };
}

/**
 * Each sample's loss has a few terms of the logits' size: the log of a sum over the classes, the largest logit, and z[label], times
 * the soft labels; the total sums over the samples.
 */
function lossBound(
  c: LossCase,
  { z, labels, targets }: { z: ArrayLike<number>; labels?: ArrayLike<number>; targets?: ArrayLike<number> },
): number {
  let bound = 0;
  for (let n = 0; n < c.count; n++) {
    const row = (values: ArrayLike<number>) =>
      Float64Array.from({ length: c.classes }, (_, k) => values[n * c.classes + k]!);
    const t = targets ? row(targets) : row([]).map((_, k) => Number(k === labels![n]));
    const whole = t.reduce((a, b) => a + b);
    const one = { batch: 1, classes: c.classes, count: 1 };
    const { loss } = reference.softmaxCrossEntropy(one, { z: row(z), targets: t });
    const size = whole * (2 * row(z).reduce((most, value) => Math.max(most, Math.abs(value)), 0) + Math.log(c.classes));
    const terms = 2 * c.classes + 3 + c.count;
    const { sum, result, absolute, reason } = tolerances.cross_entropy;
    const scaled = { sum, result, absolute: absolute * Math.max(1, whole), reason };
    bound += boundOf(scaled, [loss], { terms, magnitude: [size] })[0]!;
  }
  return bound;
}
