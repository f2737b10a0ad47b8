import { afterAll, describe, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { packSchedule, type ScheduleNumbers } from '../../src/kernels/schedule.ts';
import { beginStep } from '../../src/kernels/step.ts';
import { fillSchedule, type ScheduleConfig } from '../../src/model/schedule.ts';
import { scheduleDefinition } from '../../src/model/schedules/index.ts';
import * as step from '../../src/reference/step.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import {
  type AccumulateCase,
  checkAccumulateGradients,
  checkBeginMicroBatch,
} from '../../src/selftest/kernels/accumulation_checks.ts';
import { checkWeightAverage, type WeightAverageCase } from '../../src/selftest/kernels/average_checks.ts';
import { cacheOf, checkKernel, floats } from '../../src/selftest/kernels/check_kernel.ts';
import { launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import { checkAdaptLossScale, type LossScaleCase } from '../../src/selftest/kernels/loss_scale_checks.ts';
import { sameState, stateFrom, stateOf } from '../../src/selftest/kernels/state_words.ts';
import { checkBeginStep, checkSumParts, manyRates } from '../../src/selftest/kernels/step_checks.ts';
import keras from '../fixtures/keras_schedules.json';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const before = { seed: 7, epoch: 2, position: 64, samples: 200, learning_rate: 0.01, step: 41, start: 32, count: 32 };

describe('begin_step', () => {
  test.each<[string, number, Record<string, number>]>([
    ['the control', 32, {}],
    ['the first step', 32, { position: 0, step: 0, start: 0, count: 0 }],
    ['a whole last batch', 32, { position: 168 }],
    ['a short last batch', 32, { position: 199 }],
    ['the whole epoch at once', 200, { position: 0 }],
    ['a batch larger than the epoch', 256, { position: 0 }],
    ['behind the end there is nothing', 32, { position: 200 }],
    ['after a skipped step', 32, { skip: 1, skipped: 3, bad_in_a_row: 1 }],
    ['after a halt the batch stays', 32, { halted: 1, skip: 1, bad_in_a_row: 3 }],
    ['the largest numbers', 65536, { position: 2 ** 32 - 70_000, samples: 2 ** 32 - 1, step: 2 ** 32 - 2 }],
  ])('%s', (_, batch, values) => checkKernel(gpu, checkBeginStep(batch, { ...before, ...values })));
});

const cases = keras as { config: ScheduleConfig; rates: number[] }[];

/** In the form in which the engine passes it to the kernel. */
const numbersOf = (config: ScheduleConfig): ScheduleNumbers => {
  const filled = fillSchedule(config);
  const { parameters, list } = scheduleDefinition(filled.type);
  return { type: filled.type, parameters: parameters(filled), list: list?.(filled) };
};

describe('adapt_loss_scale', () => {
  const before = { scale: 2 ** 15, good: 1 };
  test.each<[string, LossScaleCase]>([
    ['the control', { before, step: 'finite' }],
    ['the last update before it grows', { before: { scale: 2 ** 15, good: 2 }, step: 'finite' }],
    ['it does not grow beyond the largest', { before: { scale: 2 ** 24, good: 2 }, step: 'finite' }],
    ['an overflow halves it, and halts nothing', { before, step: 'overflow' }],
    ['an overflow at a scale of 1 is bad', { before: { scale: 1, good: 2 }, step: 'overflow' }],
    ['an overflow at a scale of 2 is not', { before: { scale: 2, good: 0 }, step: 'overflow' }],
    ['a loss that is not finite is bad', { before, step: 'bad' }],
    ['after a halt nothing changes', { before, step: 'overflow', halted: true }],
    ['the default interval', { before: { scale: 8, good: 1999 }, step: 'finite', growthInterval: 2000 }],
    ['one less than the default interval', { before: { scale: 8, good: 1998 }, step: 'finite', growthInterval: 2000 }],
  ])('%s', (_, values) => checkKernel(gpu, checkAdaptLossScale(values)));
});

describe('begin_step computes the learning rate', () => {
  const linear: ScheduleConfig = {
    type: 'polynomialDecay',
    initialLearningRate: 1,
    decaySteps: 100,
    endLearningRate: 0,
  };
  test.each<[string, number, Record<string, number>, number]>([
    ['from the updates before it', 0, { updates: 25 }, 0.75],
    ['whatever number of steps was skipped', 0, { updates: 25, step: 30, skipped: 5 }, 0.75],
    ['from the update where the schedule began', 20, { updates: 25 }, 0.95],
    ['but not after a halt', 0, { updates: 25, halted: 1 }, 0.01],
  ])('%s', async (_, begin, values, rate) => {
    const state = stateOf({ ...before, ...values });
    const launch = await launchGuarded(gpu, cacheOf(gpu), beginStep, { batch: 32, schedule: linear.type }, {});
    const after = await launch.run({ state, schedule: packSchedule(numbersOf(linear), begin) });
    launch.dispose();
    const expected = step.beginStep({ batch: 32 }, { state: stateFrom(state) }).state;
    sameState({ ...expected, learning_rate: Math.fround(rate) }, { learning_rate: 1e-7 })('state', after.state!);
  });

  /** Largest relative error of a float32 rate. WGSL's exp2 loses precision with larger exponents, here up to 20. */
  const most = (type: string) => (type === 'exponentialDecay' ? 1.5e-6 : 6e-7);
  test.each(cases)('$config', async ({ config, rates }) => {
    const launch = await launchGuarded(gpu, cacheOf(gpu), manyRates(config.type, rates.length), null, {});
    const { rates: bits } = await launch.run({ schedule: packSchedule(numbersOf(config)) });
    launch.dispose();
    expectWithin(
      config.type,
      floats(bits!),
      rates,
      rates.map((rate) => most(config.type) * rate + 1e-12),
    );
  });
});

describe('sum_parts', () => {
  test.each([
    ['the control', { parts: 5, weights: 288, biases: 32 }],
    ['one part', { parts: 1, weights: 10, biases: 3 }],
    ['one of everything', { parts: 2, weights: 1, biases: 1 }],
    ['a workgroup exactly', { parts: 3, weights: 60, biases: 4 }],
    ['one more', { parts: 3, weights: 60, biases: 5 }],
    ['many parts', { parts: 64, weights: 77, biases: 9 }],
  ])('%s', (_, shape) => checkKernel(gpu, checkSumParts(shape)));
});

describe('weight_average', () => {
  const control: WeightAverageCase = { tensors: [300, 7, 90], momentum: 0.99, t: 20 };
  test.each<[string, Partial<WeightAverageCase>]>([
    ['the control', {}],
    ['the first update', { t: 1 }],
    ['little is kept', { momentum: 0.1 }],
    ['one number', { tensors: [1] }],
    ['one past a chunk', { tensors: [4097, 3] }],
    ['the weights become their average', { overwriteEvery: 5 }],
    ['not after this update', { overwriteEvery: 7 }],
    ['after every update', { overwriteEvery: 1 }],
  ])('%s', (_, departure) => checkKernel(gpu, checkWeightAverage({ ...control, ...departure })));
});

describe('begin_micro_batch', () => {
  test.each<[string, number, Record<string, number>, number?]>([
    ['the control', 32, {}],
    ['a whole last batch', 32, { position: 168 }],
    ['a short last batch', 32, { position: 199 }],
    ['behind the end the batch stays', 32, { position: 200 }],
    ['after a halt the batch stays', 32, { halted: 1 }],
    ['a batch whose loss is not finite stays, and its samples are counted', 32, {}, Number.NaN],
    ['an infinite loss', 32, {}, Infinity],
  ])('%s', (_, batch, values, loss) => checkKernel(gpu, checkBeginMicroBatch(batch, { ...before, ...values }, loss)));
});

describe('accumulate_gradients', () => {
  const control: AccumulateCase = { tensors: [300, 7, 90], place: 'middle', own: 3, count: 7 };
  const departures: Record<string, Partial<AccumulateCase>> = {
    'the control': {},
    'one number': { tensors: [1] },
    'one past a chunk': { tensors: [4097, 3] },
    'a float beside the loss': { fractional: true },
  };
  test.each(
    (['first', 'middle', 'last'] as const).flatMap((place) =>
      Object.entries(departures).map(([title, departure]) => [place, title, departure] as const),
    ),
  )('%s: %s', (place, _, departure) => checkKernel(gpu, checkAccumulateGradients({ ...control, ...departure, place })));
});
