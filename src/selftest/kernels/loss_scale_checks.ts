import { adaptLossScale, type LossScaleShape, scaledStateWords } from '../../kernels/loss_scale.ts';
import { recordField } from '../../kernels/record.ts';
import * as reference from '../../reference/loss_scale.ts';
import { expectSame } from '../compare.ts';
import { floats, type KernelCheck } from './check_kernel.ts';
import { stateOf } from './state_words.ts';

/** Index of the scale in the words of a scaled state. */
const scaleAt = 64;

export interface LossScaleCase {
  before: reference.LossScale;
  step: 'finite' | 'overflow' | 'bad';
  /** True for a step after a halt. */
  halted?: boolean;
  growthInterval?: number;
}

/** A state that the step has halted, if it was skipped. */
export function checkAdaptLossScale({
  before,
  step,
  halted = false,
  growthInterval = 3,
}: LossScaleCase): KernelCheck<LossScaleShape> {
  const record = { words: 14, slots: 4 };
  const first = (6 % record.slots) * record.words;
  const skipped = Number(step !== 'finite');
  const scaledOf = ({ scale, good }: reference.LossScale, isBad: boolean) => {
    const words = new Uint32Array(scaledStateWords);
    words.set(stateOf({ step: 6, skip: skipped, bad_in_a_row: isBad ? 3 : 0, halted: isBad ? 1 : 0, updates: 5 }));
    floats(words).set([scale, 1 / scale, good], scaleAt);
    return words;
  };
  const records = new Uint32Array(record.words * record.slots).fill(77);
  records[first + recordField.skipped] = skipped;
  records[first + recordField.halted] = Number(halted);
  floats(records)[first + recordField.loss] = step === 'bad' ? Number.NaN : 1.5;
  const shape = { record, growthInterval, largest: 2 ** 24 };
  return {
    kernel: adaptLossScale,
    shape,
    given: { scaled: scaledOf(before, skipped > 0), records },
    twin: () => {
      const after = halted ? { ...before, isBad: skipped > 0 } : reference.adaptLossScale(shape, before, step);
      const written = records.slice();
      floats(written)[first + record.words - 1] = before.scale;
      return {
        scaled: (name, bits) => expectSame(name, bits, scaledOf(after, after.isBad)),
        records: (name, bits) => expectSame(name, bits, written),
      };
    },
  };
}
