import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configurationsOf, seedsOf } from '../../src/cli/sweep/configurations.ts';
import { decide, rungsOf } from '../../src/cli/sweep/halving.ts';
import { parsePlan } from '../../src/cli/sweep/plan.ts';
import { headOf } from '../../src/cli/sweep/sweep.ts';
import { SweepFolder } from '../../src/cli/sweep/sweep_folder.ts';
import { fromJsonFile, parseTrial, trainCommand, withValue } from '../../src/cli/sweep/trial_options.ts';
import { idOf } from '../../src/cli/sweep/trials.ts';
import { ConfigurationError } from '../../src/errors.ts';
import type { Json, TrialRecord } from '../../src/report/sweep_file.ts';
import { sweepReport } from '../../src/report/sweep_report.ts';
import { configurationsByMetric } from '../../src/report/sweep_rows.ts';

const plan = (json: object) => parsePlan({ base: {}, ...json }, 'plan');

describe('configurations', () => {
  test('a grid has every combination, with the last option varying fastest', () => {
    const vary = { learningRate: [0.1, 1], model: ['tutorial', 'resnet8'] };
    expect(configurationsOf(plan({ vary })).map((each) => Object.values(each))).toEqual([
      [0.1, 'tutorial'],
      [0.1, 'resnet8'],
      [1, 'tutorial'],
      [1, 'resnet8'],
    ]);
  });

  test('ranges include both ends, with equal distances or equal factors', () => {
    const values = (range: object) =>
      configurationsOf(plan({ vary: { learningRate: range } })).map(({ learningRate }) => learningRate);
    expect(values({ from: 0.001, to: 0.1, scale: 'log', steps: 3 })).toEqual([0.001, 0.01, 0.1]);
    expect(values({ from: 1, to: 2, steps: 3 })).toEqual([1, 1.5, 2]);
    expect(values({ from: 1, to: 3, steps: 5, integer: true })).toEqual([1, 2, 3]);
  });

  test('random configurations follow from the seed, are within their ranges, and are distributed by the scale', () => {
    const random = { learningRate: { from: 1e-4, to: 1, scale: 'log' }, batchSize: [16, 32] };
    const drawn = configurationsOf(plan({ vary: random, search: 'random', trials: 200 }));
    expect(drawn).toHaveLength(200);
    expect(configurationsOf(plan({ vary: random, search: 'random', trials: 20 }))).toEqual(drawn.slice(0, 20));
    expect(configurationsOf(plan({ vary: random, search: 'random', trials: 20, searchSeed: 1 }))).not.toEqual(
      drawn.slice(0, 20),
    );
    const rates = drawn.map(({ learningRate }) => learningRate as number);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1);
    // Half of them are below the geometric mean of the limits, within four standard deviations.
    expect(Math.abs(rates.filter((rate) => rate < 0.01).length - 100)).toBeLessThan(29);
    expect(Math.abs(drawn.filter(({ batchSize }) => batchSize === 16).length - 100)).toBeLessThan(29);
  });

  test('random configurations from lists are distinct', () => {
    const vary = { batchSize: [8, 16, 32], momentum: [0, 0.9] };
    const drawn = configurationsOf(plan({ vary, search: 'random', trials: 6 }));
    expect(new Set(drawn.map((each) => JSON.stringify(each))).size).toBe(6);
    expect(() => configurationsOf(plan({ vary, search: 'random', trials: 7 }))).toThrow('more trials');
  });

  test('seeds start with that of base', () => {
    expect(seedsOf(plan({ base: { seed: 5 }, vary: {}, seeds: 3 }))).toEqual([5, 6, 7]);
    expect(seedsOf(plan({ vary: { seed: [3, 1] } }))).toEqual([3, 1]);
  });
});

describe('options of a trial', () => {
  test('a path refers to a part of a preset, an object or a list', () => {
    expect(withValue({ augmentation: 'tutorial' }, 'augment.rotationRange', 7)).toMatchObject({
      augmentation: { rotationRange: 7, horizontalFlip: true },
    });
    expect(withValue({}, 'optimizer.beta1', 0.5)).toEqual({ optimizer: { type: 'adam', beta1: 0.5 } });
    const model: Json = { layers: [{ type: 'flatten' }, { type: 'dense', units: 3 }] };
    expect(withValue({ model }, 'model.layers.1.units', 4)).toEqual({
      model: { layers: [{ type: 'flatten' }, { type: 'dense', units: 4 }] },
    });
    expect(() => withValue({ model }, 'model.layers.2.units', 4)).toThrow('a number from 0 to 1');
    expect(() => withValue({ model: 'tutorial' }, 'model.layers.1.units', 4)).toThrow('names a part of model');
  });

  test('are parsed as the flags of train', () => {
    const options = { learningRate: 0.1, clean: ['duplicates'], stretch: true, ema: true, validationFreq: [1, 3] };
    expect(parseTrial(options)).toMatchObject({ ...options, batchSize: 32 });
    expect(parseTrial({ stretch: false }).stretch).toBeUndefined();
    expect(parseTrial({ ema: null, clipnorm: null })).not.toHaveProperty('ema');
    expect(() => parseTrial({ batchSize: 0.5 })).toThrow('--batch-size has an invalid value');
    expect(() => parseTrial({ stretch: 3 })).toThrow('true or false');
  });

  test('give a command in which every value is quoted', () => {
    const command = trainCommand({ augmentation: { rotationRange: 3 }, stretch: true, learningRate: 0.1 });
    expect(command).toBe(`npx wgrad train --augment '{"rotationRange":3}' --stretch --learning-rate 0.1 --tuning off`);
  });

  test('have the same key in any order', () => {
    const id = idOf({ learningRate: 0.1, model: { a: 1, b: [2, { c: 3, d: 4 }] } });
    expect(idOf({ model: { b: [2, { d: 4, c: 3 }], a: 1 }, learningRate: 0.1 })).toBe(id);
    expect(idOf({ model: { b: [2, { d: 4, c: 3 }], a: 1 }, learningRate: 0.2 })).not.toBe(id);
    expect(fromJsonFile.every((name) => parseTrial({ [name]: null }))).toBe(true);
  });
});

describe('the folder of a sweep', () => {
  const trials = [0.1, 1].map((learningRate, i) => {
    const options = { dataset: 'photos', learningRate };
    return { id: `t${i}`, configuration: i + 1, seed: 0, varied: { learningRate }, options, command: '' };
  });
  const head = (images: string) =>
    headOf(plan({ vary: { learningRate: [0.1, 1] } }), {
      trials,
      metric: { name: 'validationAccuracy', mode: 'max' },
      data: new Map(trials.map(({ id }) => [id, images])),
      check: () => Promise.reject(new Error('nothing is trained')),
    });
  const begun = () => {
    const folder = mkdtempSync(join(tmpdir(), 'wgrad-sweep-'));
    SweepFolder.begin(folder, head('before'), false);
    return folder;
  };

  test('is resumed only with the same images', () => {
    const folder = begun();
    expect(SweepFolder.begin(folder, head('before'), true).file).not.toHaveProperty('data');
    expect(() => SweepFolder.begin(folder, head('after'), true)).toThrow(
      /images have changed since the sweep began[\s\S]*2 trials[\s\S]*photos/,
    );
  });

  test.each([
    ['sweep.json', '{ "kind": "wgr', /sweep\.json: /],
    ['results.jsonl', '{ "id": }\n', /results\.jsonl, line 1: /],
  ])('is damaged: %s', (file, contents, place) => {
    const folder = begun();
    writeFileSync(join(folder, file), contents);
    const open = () => SweepFolder.open(folder);
    expect(open).toThrow(ConfigurationError);
    expect(open).toThrow(place);
  });
});

describe('successive halving', () => {
  const settings = { eta: 3, minEpochs: 1 };
  const result = (course: (number | null)[], status: 'waiting' | 'failed' = 'waiting') => ({
    status,
    course,
    epochs: course.length,
  });

  test('27 configurations take a quarter of the steps', () => {
    const rungs = rungsOf(27, 9, settings);
    expect(rungs).toEqual([
      { epochs: 1, size: 27 },
      { epochs: 3, size: 9 },
      { epochs: 9, size: 3 },
    ]);
    expect(rungsOf(2, 4, { eta: 2, minEpochs: 3 })).toEqual([
      { epochs: 3, size: 2 },
      { epochs: 4, size: 1 },
    ]);
  });

  test('a configuration continues as soon as no other can overtake it', () => {
    const rungs = rungsOf(3, 3, settings);
    const [good, bad] = [result([0.9]), result([0.1])];
    // The third may still be better than either.
    expect(decide([[good], [bad], [undefined]], rungs, 'max')).toEqual([{ until: 1 }, 'halted', { until: 1 }]);
    expect(decide([[good], [bad], [result([0.5])]], rungs, 'max')).toEqual([{ until: 3 }, 'halted', 'halted']);
    expect(decide([[good], [bad], [result([0.5])]], rungs, 'min')).toEqual(['halted', { until: 3 }, 'halted']);
  });

  test('the mean over the seeds decides; failed runs and non-finite figures are the worst', () => {
    const rungs = rungsOf(3, 3, settings);
    const seeds = [
      [result([0.9]), result([0.1])],
      [result([0.6]), result([0.6])],
      [result([0.99]), result([], 'failed')],
    ];
    expect(decide(seeds, rungs, 'max')).toEqual(['halted', { until: 3 }, 'halted']);
    expect(decide([[result([null])], [result([5])], [result([7])]], rungs, 'min')[1]).toEqual({ until: 3 });
  });

  test('does not depend on the order in which trials end', () => {
    const curves = fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 }), {
      minLength: 2,
      maxLength: 12,
    });
    fc.assert(
      fc.property(curves, fc.integer({ min: 0 }), (courses, order) => {
        const rungs = rungsOf(courses.length, 9, settings);
        const trained = (next: (open: number[]) => number) => {
          const epochs = courses.map(() => 0);
          for (;;) {
            const known = courses.map((course, i) => [epochs[i] ? result(course.slice(0, epochs[i])) : undefined]);
            const decisions = decide(known, rungs, 'max');
            const open = decisions.flatMap((it, i) => (it !== 'halted' && epochs[i]! < it.until ? [i] : []));
            if (open.length === 0) return { epochs, decisions };
            const i = next(open);
            epochs[i] = (decisions[i] as { until: number }).until;
          }
        };
        let state = order;
        const shuffled = trained((open) => {
          state = (state * 1103515245 + 12345) % 2147483648;
          return open[state % open.length]!;
        });
        expect(shuffled).toEqual(trained((open) => open[0]!));
        const steps = rungs.reduce(
          (sum, { epochs, size }, i) => sum + size * (epochs - (rungs[i - 1]?.epochs ?? 0)),
          0,
        );
        expect(shuffled.epochs.reduce((a, b) => a + b)).toBe(steps);
      }),
    );
  });
});

describe('rows of a report', () => {
  const record = (configuration: number, metric: number | null, more: Partial<TrialRecord> = {}): TrialRecord => ({
    ...{
      id: `${configuration}`,
      configuration,
      seed: 0,
      varied: { momentum: configuration },
      options: {},
      command: '',
    },
    ...{ status: 'done', metric, seconds: 1, epochs: 9, kind: 'software' },
    ...more,
  });
  const orderOf = (trials: TrialRecord[], mode: 'min' | 'max' = 'min') =>
    configurationsByMetric({ trials, metric: { name: 'validationLoss', mode } }).map((row) => row.configuration);

  test('the best come first, then halted ones from the longest to the shortest, then those without a figure', () => {
    const halted = { status: 'halted', epochs: 1 } as const;
    const trials = [
      record(1, null),
      record(2, 0.1, halted),
      record(3, 0.5),
      record(4, 0.4),
      record(5, 0.7, { ...halted, epochs: 3 }),
    ];
    expect(orderOf(trials)).toEqual([4, 3, 5, 2, 1]);
    expect(orderOf([record(1, 0.1), record(2, 0.2)], 'max')).toEqual([2, 1]);
  });

  test('kinds of adapters are kept apart, and seeds are averaged', () => {
    const trials = [
      record(1, 1),
      record(1, 2, { seed: 1 }),
      record(1, 3, { seed: 2 }),
      record(1, 9, { kind: 'nvidia' }),
    ];
    const rows = configurationsByMetric({ trials, metric: { name: 'validationLoss', mode: 'min' } });
    expect(rows.map(({ kind, estimate: { mean, n } }) => [kind, mean, n])).toEqual([
      ['software', 2, 3],
      ['nvidia', 9, 1],
    ]);
    expect(rows[0]!.estimate.low).toBeCloseTo(2 - 4.303 / Math.sqrt(3), 3);
  });
});

describe('the report of a sweep', () => {
  const trial = (rotationRange: number, seed: number, metric: number, layers: Record<string, string> = {}) => ({
    ...{
      id: `${rotationRange} ${seed}`,
      configuration: 1 + rotationRange,
      seed,
      options: {},
      command: 'npx wgrad train',
    },
    ...{
      varied: {
        augmentation: { rotationRange, fillMode: 'nearest' },
        learningRate: [0.001, 0.003, 0.01][rotationRange]!,
      },
    },
    ...{ status: 'done' as const, epochs: 1, steps: 1, metric, course: [metric], figures: {}, layers, seconds: 1 },
    ...{ adapter: 'a GPU', kind: 'gpu' },
  });
  const trials = [
    ...[trial(0, 1, 0.5), trial(0, 2, 0.6), trial(1, 1, 0.7), trial(1, 2, 0.8, { dense: 'vanishing' })],
    { ...trial(2, 1, 0.9), status: 'failed' as const, metric: null, error: 'The loss is no longer finite' },
  ];
  const page = sweepReport({
    ...({ kind: 'wgrad sweep', format: 1 } as const),
    ...{ plan: {} as never, versions: { wgrad: '1' }, metric: { name: 'validationAccuracy', mode: 'max' }, trials },
  });

  test('objects are labeled by the property that distinguishes them, and a few numbers are marked at their values', () => {
    expect(page).toContain('<figcaption>augmentation: rotationRange</figcaption>');
    const marks = [...page.matchAll(/<text class="below" [^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(marks).toEqual(['0', '1', '0.001', '0.003']);
    expect(page).toContain('{&#34;rotationRange&#34;:0, &#34;fillMode&#34;:&#34;nearest&#34;}');
  });

  test('verdicts are listed once if all seeds have the same, and not for a failed trial', () => {
    const words = [...page.matchAll(/<td class="words">([^<]*)</g)].map(([, text]) => text);
    expect(words).toEqual(['seed 1: healthy · seed 2: dense vanishing', 'healthy', '']);
  });

  test('the best has the color that stands out most, on a light and on a dark page', () => {
    const luminance = (hex: string) => {
      const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
      return 0.21 * r + 0.72 * g + 0.07 * b;
    };
    const colors = page.matchAll(/<circle [^>]*--light: (#\w{6}); --dark: (#\w{6})/g);
    const brightness = [...colors].slice(0, 4).map(([, light, dark]) => [luminance(light!), luminance(dark!)] as const);
    expect(brightness).toHaveLength(4);
    for (const [i, [light, dark]] of brightness.slice(1).entries()) {
      expect(light).toBeLessThan(brightness[i]![0]);
      expect(dark).toBeGreaterThan(brightness[i]![1]);
    }
  });
});
