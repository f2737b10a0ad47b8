import type { Kernel } from '../../gpu/kernel.ts';
import { furtherSchedules } from '../../kernels/further_schedules.ts';
import {
  packSchedule,
  type ScheduleNumbers,
  scheduleSource,
  scheduleWords,
  setFurtherSchedules,
} from '../../kernels/schedule.ts';
import type { StateValues } from '../../kernels/state.ts';
import { type BeginStepShape, beginStep, type SumPartsShape, sumParts } from '../../kernels/step.ts';
import { magnitude } from '../../reference/magnitude.ts';
import * as step from '../../reference/step.ts';
import * as sum from '../../reference/sum_parts.ts';
import { boundOf, tolerances } from '../tolerance.ts';
import { type KernelCheck, within } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';
import { sameState, stateFrom, stateOf } from './state_words.ts';

setFurtherSchedules(furtherSchedules);

export function checkBeginStep(batch: number, values: StateValues): KernelCheck<BeginStepShape> {
  const state = stateOf(values);
  return {
    kernel: beginStep,
    shape: { batch },
    given: { state },
    twin: () => ({ state: sameState(step.beginStep({ batch }, { state: stateFrom(state) }).state) }),
  };
}

/** Checks begin_step with a schedule that began after some updates. @param rate the expected learning rate. */
export function checkScheduledStep(
  values: StateValues,
  schedule: { numbers: ScheduleNumbers; begin: number },
  rate: number,
): KernelCheck<BeginStepShape> {
  const state = stateOf(values);
  const shape = { batch: 32, schedule: schedule.numbers.type };
  // Poison the schedule's words that its function must not read.
  const words = packSchedule(schedule.numbers, schedule.begin);
  words.fill(poison, 1 + Object.keys(schedule.numbers.parameters).length);
  return {
    kernel: beginStep,
    shape,
    given: { state, schedule: words },
    twin: () => {
      const begun = step.beginStep(shape, { state: stateFrom(state) }).state;
      return { state: sameState({ ...begun, learning_rate: Math.fround(rate) }, { learning_rate: 1e-7 }) };
    },
  };
}

/** A kernel that evaluates scheduled_rate for the steps 0, 1, ... */
export const manyRates = (type: ScheduleNumbers['type'], steps: number): Kernel<null> => ({
  name: 'many_rates',
  source: `// rates[i] = scheduled_rate(i)
@group(0) @binding(0) var<storage, read> schedule: array<u32>;
@group(0) @binding(1) var<storage, read_write> rates: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < ${steps}u) { rates[id.x] = scheduled_rate(id.x); }
}
${scheduleSource(type)}`,
  buffers: () => ({ schedule: scheduleWords, rates: steps }),
  workgroups: () => [Math.ceil(steps / 64)],
  cost: () => ({ flops: 0, bytes: 4 * steps }),
});

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
