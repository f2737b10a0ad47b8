import type { Kernel } from '../../gpu/kernel.ts';
import { type RecordShape, recordField } from '../../kernels/record.ts';
import { fillLoss, isCategorical, type LossConfig, metricOf } from '../../model/loss.ts';
import { lossLaunch } from '../../plan/losses/index.ts';
import { lossTwin } from '../../reference/losses/index.ts';
import { expectSame, expectWithin } from '../compare.ts';
import { numbers } from '../numbers.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { floats, type KernelCheck, within } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';
import { stateOf } from './state_words.ts';

export interface OptionedLossCase {
  loss: LossConfig;
  batch: number;
  outputs: number;
  /** Number of real samples. */
  count: number;
  /** For a loss of classes: whether targets are soft labels. */
  soft: boolean;
  weighted: boolean;
  step: number;
  record: RecordShape;
  /** Logits lie between -scale and scale. */
  scale: number;
  penalties?: number;
}

/** Weights of samples from 0 on; the first is 0. */
const weightsOf = (batch: number) => Float32Array.from(numbers(batch, 7), (u, n) => (n === 0 ? 0 : 1.5 * (u + 1)));

function labelsOf({ batch, outputs, soft, loss }: OptionedLossCase): Record<string, Uint32Array | Float32Array> {
  const filled = fillLoss(loss);
  const shares = Float32Array.from(numbers(batch * outputs, 3), (u) => Math.max(0, u));
  if (metricOf(filled) === 'meanAbsoluteError')
    return { targets: Float32Array.from(numbers(batch * outputs, 3), (u) => 2 * u) };
  // None of these targets is at a kink of a loss or at a tie of its metric.
  if (!isCategorical(filled)) return { targets: shares.map((share) => (share === 0 ? 0 : share > 0.5 ? 1 : 0.3)) };
  const label = (u: number) => Math.floor(((u + 1) / 2) * outputs);
  return soft ? { targets: shares } : { labels: Uint32Array.from(numbers(batch, 3), label) };
}

/** Checks a loss with options or weights, or one of independent outputs, against its twin. */
export function checkLoss(c: OptionedLossCase): KernelCheck<object> {
  const filled = fillLoss(c.loss);
  const { batch, outputs, count, record, soft, weighted, penalties = 0 } = c;
  const { kernel, shape } = lossLaunch(filled, { batch, outputs, penalties, record, soft, weighted });
  const epoch = 5;
  return {
    kernel: kernel as Kernel<object>,
    shape,
    given: {
      z: Float32Array.from(numbers(batch * outputs, 4), (u) => c.scale * u),
      state: stateOf({ step: c.step, epoch, count }),
      ...labelsOf(c),
      ...(weighted && { weights: weightsOf(batch) }),
    },
    twin: ({ z, labels, targets, weights, penalties: given }) => {
      const { p, dz, loss, correct, absoluteError } = lossTwin(filled, c, { z: z!, labels, targets, weights });
      const penalty = count * Array.from(given ?? []).reduce((sum, value) => sum + value, 0);
      const first = (c.step % record.slots) * record.words;
      const words = new Uint32Array(record.words * record.slots).fill(poison);
      words[first + recordField.step] = c.step;
      words[first + recordField.epoch] = epoch;
      words[first + recordField.count] = count;
      words[first + recordField.correct] = correct;
      const largest = Math.max(...Array.from(z!, Math.abs), ...Array.from(targets ?? [1], Math.abs));
      const weight = Math.max(1, ...Array.from(weights ?? []));
      const whole = soft ? outputs : 1;
      // Scales to a sample whose weight, soft labels and slope are 1; alpha and delta are about that size.
      const scaled = dz.map((value) => (value * count) / (weight * whole));
      return {
        p: within(p, boundOf(tolerances.softmax, p)),
        dz: (name, bits) => {
          const actual = Float64Array.from(floats(bits), (value) => (value * count) / (weight * whole));
          const size = scaled.map((value) => Math.abs(value) + 2 * largest);
          expectWithin(name, actual, scaled, boundOf(tolerances.loss_dz, scaled, { terms: 1, magnitude: size }));
        },
        records: (name, bits) => {
          const [at, measured] = [first + recordField.loss, first + recordField.correct];
          const each = (2 * largest + Math.log(outputs) + 1) ** 2 * weight * whole;
          const of = { terms: 2 * outputs + count + penalties, magnitude: [count * each + Math.abs(penalty)] };
          expectWithin(`${name}.loss`, [floats(bits)[at]!], [loss + penalty], boundOf(tolerances.loss, [loss], of));
          if (metricOf(filled) === 'accuracy') return expectSame(name, bits, words.with(at, bits[at]!));
          const bound = boundOf(tolerances.loss, [absoluteError], { ...of, magnitude: [count * 2 * largest] });
          expectWithin(`${name}.measured`, [floats(bits)[measured]!], [absoluteError], bound);
          expectSame(name, bits, words.with(at, bits[at]!).with(measured, bits[measured]!));
        },
      };
    },
  };
}
