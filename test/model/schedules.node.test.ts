import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigurationError, cosineDecay, learningRateAt, type ScheduleConfig, sgd } from '../../src/index.ts';
import { fillOptimizer } from '../../src/model/optimizer.ts';
import { fillSchedule } from '../../src/model/schedule.ts';
import { scheduleLengthWarning } from '../../src/model/schedule_length.ts';
import { scheduleDefinition, scheduleTypes } from '../../src/model/schedules/index.ts';
import { expectWithin } from '../../src/selftest/compare.ts';

/** Learning rates of Keras and PyTorch for 1,000 steps: test/fixtures/make_keras_schedules.py. */
const cases: { config: ScheduleConfig; rates: number[] }[] = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/keras_schedules.json'), 'utf8'),
);

test('every schedule but the constant one is compared with rates from Keras or PyTorch', () => {
  const types = new Set(cases.map(({ config }) => config.type));
  expect(scheduleTypes.filter((type) => !types.has(type))).toEqual(['constant']);
  expect(learningRateAt({ type: 'constant', learningRate: 0.3 }, 7)).toBe(0.3);
  expect(learningRateAt(0.2, 7)).toBe(0.2);
});

test.each(cases)('$config', ({ config, rates }) => {
  const own = rates.map((_, step) => learningRateAt(config, step));
  expectWithin(
    config.type,
    own,
    rates,
    rates.map((rate) => 1e-12 * rate + 1e-15),
  );
});

describe('at the ends', () => {
  const at = (config: ScheduleConfig, ...steps: number[]) => steps.map((step) => learningRateAt(config, step));

  test('a boundary belongs to the value before it', () => {
    expect(at({ type: 'piecewiseConstantDecay', boundaries: [2, 4], values: [3, 2, 1] }, 2, 3, 4, 5, 9)).toEqual([
      3, 2, 2, 1, 1,
    ]);
  });

  test('after its last step a schedule stays where it is', () => {
    const oneCycle: ScheduleConfig = { type: 'oneCycle', maxLearningRate: 1, totalSteps: 10, finalDivFactor: 4 };
    for (const rate of at(oneCycle, 9, 10, 1e6)) expect(rate).toBeCloseTo(0.01, 14);
    expect(at({ type: 'cosineDecay', initialLearningRate: 1, decaySteps: 10, alpha: 0.5 }, 10, 1e6)).toEqual([
      0.5, 0.5,
    ]);
    expect(at({ type: 'polynomialDecay', initialLearningRate: 1, decaySteps: 10 }, 10, 1e6)).toEqual([1e-4, 1e-4]);
  });

  test('a cycle of one step, and one without a way up or down, have no 0 / 0', () => {
    for (const options of [{ totalSteps: 1 }, { totalSteps: 10, pctStart: 0.1 }, { totalSteps: 10, pctStart: 1 }]) {
      const oneCycle: ScheduleConfig = { type: 'oneCycle', maxLearningRate: 1, ...options };
      for (const rate of at(oneCycle, 0, 1, 9, 10, 11)) expect(rate).toBeGreaterThan(0);
    }
  });

  test('a restart is not moved by rounding: the periods of 3 x 5^i add up to whole numbers', () => {
    const config: ScheduleConfig = { type: 'cosineDecayRestarts', initialLearningRate: 1, firstDecaySteps: 3, tMul: 5 };
    for (const restart of [0, 3, 18, 93, 468, 2343, 11718]) expect(learningRateAt(config, restart)).toBe(1);
    const slow: ScheduleConfig = { ...config, firstDecaySteps: 100, tMul: 1.1 };
    for (const restart of [100, 210, 331]) expect(learningRateAt(slow, restart)).toBeCloseTo(1, 12);
  });
});

describe('what is invalid', () => {
  const refused = (config: unknown) => {
    try {
      fillSchedule(config as ScheduleConfig);
    } catch (error) {
      if (error instanceof ConfigurationError) return error.message;
    }
    throw new Error('it was taken');
  };

  test.each<[string, unknown, string]>([
    ['an unknown schedule', { type: 'cosinDecay' }, 'did you mean "cosineDecay"?'],
    ['no type', {}, 'expected: constant, exponentialDecay'],
    ['an unknown option', { type: 'constant', learningrate: 1 }, 'did you mean "learningRate"?'],
    ['an option that is missing', { type: 'cosineDecay', initialLearningRate: 1 }, 'lacks decaySteps'],
    ['no steps', { type: 'cosineDecay', initialLearningRate: 1, decaySteps: 0 }, 'an integer from 1'],
    ['a rate below zero', { type: 'constant', learningRate: -1 }, 'a number >= 0'],
    ['an infinite rate', { type: 'constant', learningRate: Infinity }, 'a number >= 0'],
    [
      'a rate of decay of zero',
      { type: 'exponentialDecay', initialLearningRate: 1, decaySteps: 9, decayRate: 0 },
      '> 0',
    ],
    [
      'boundaries that fall',
      { type: 'piecewiseConstantDecay', boundaries: [100, 50], values: [1, 2, 3] },
      'expected: a number above 100 after 100',
    ],
    [
      'equal boundaries',
      { type: 'piecewiseConstantDecay', boundaries: [100, 100], values: [1, 2, 3] },
      'do not increase',
    ],
    [
      'too few values',
      { type: 'piecewiseConstantDecay', boundaries: [100], values: [1] },
      'found: "1 boundaries and 1 values"',
    ],
    ['no boundary', { type: 'piecewiseConstantDecay', boundaries: [], values: [1] }, '1 to 100 boundaries'],
    [
      'too many boundaries',
      { type: 'piecewiseConstantDecay', boundaries: [...Array(101).keys()], values: Array(102).fill(1) },
      '1 to 100 boundaries',
    ],
    [
      'a warm-up to nowhere',
      { type: 'cosineDecay', initialLearningRate: 1, decaySteps: 9, warmupSteps: 3 },
      'without warmupTarget',
    ],
    [
      'an unknown anneal',
      { type: 'oneCycle', maxLearningRate: 1, totalSteps: 9, anneal: 'linaer' },
      'did you mean "linear"?',
    ],
  ])('%s', (_, config, words) => expect(refused(config)).toContain(words));

  test('the optimizer that has it passes it on, and fills its defaults in', () => {
    expect(() => sgd({ learningRate: { type: 'cosineDecai' } as never })).toThrow('did you mean "cosineDecay"?');
    expect(() => sgd({ learningRate: 'fast' as never })).toThrow('a number >= 0, or a schedule');
    expect(() => cosineDecay({ initialLearningRate: 1, decaySteps: 1.5 })).toThrow('an integer from 1');
    const learningRate = cosineDecay({ initialLearningRate: 0.1, decaySteps: 5 });
    expect(fillOptimizer(sgd({ learningRate })).learningRate).toEqual({ ...learningRate, alpha: 0, warmupSteps: 0 });
  });
});

test('what a form begins with is valid, and lasts as long as the run', () => {
  for (const type of scheduleTypes) {
    const filled = fillSchedule({ type, ...scheduleDefinition(type).starter(1000, 0.01) } as ScheduleConfig);
    expect(scheduleLengthWarning(filled, 1000), type).toBeUndefined();
    expect(learningRateAt(filled, 0)).toBeLessThanOrEqual(0.01);
  }
});

test('a schedule that is longer or shorter than the run is worth a word', () => {
  const warningOf = (config: ScheduleConfig, steps: number) => scheduleLengthWarning(fillSchedule(config), steps);
  const decay: ScheduleConfig = { type: 'cosineDecay', initialLearningRate: 0.1, decaySteps: 1000 };
  expect(warningOf(decay, 1000)).toBeUndefined();
  expect(warningOf(decay, 500)).toBe(
    'the run ends after 500 steps, and the schedule cosineDecay is made for 1000: the last step has a learning rate of 0.0502',
  );
  expect(warningOf(decay, 1500)).toBe(
    'the schedule cosineDecay ends after 1,000 steps, and the run has 1500: the learning rate stays 0 for the rest',
  );
  const pieces: ScheduleConfig = { type: 'piecewiseConstantDecay', boundaries: [100], values: [1, 2] };
  expect(warningOf(pieces, 5000)).toBeUndefined();
  expect(warningOf(pieces, 50)).toContain('ends after 50 steps');
  expect(scheduleLengthWarning(0.1, 50)).toBeUndefined();
  expect(warningOf({ type: 'cosineDecayRestarts', initialLearningRate: 1, firstDecaySteps: 9 }, 50)).toBeUndefined();
});
