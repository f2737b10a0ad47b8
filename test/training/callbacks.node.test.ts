import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { EpochRecord } from '../../src/index.ts';
import { Callbacks, fillCallbacks, requireCallbacksFit } from '../../src/train/callbacks/index.ts';
import { fillFitSettings } from '../../src/train/fill_fit_settings.ts';
import { isValidated } from '../../src/train/fit_settings.ts';
import { lastShareBegins } from '../../src/train/split.ts';

type Value = number | null | 'NaN';
interface Stopping {
  values: Value[];
  mode: 'min' | 'max';
  options: object;
  stoppedEpoch: number | null;
  best: number | null;
  bestEpoch: number | null;
}
interface Reducing {
  values: Value[];
  mode: 'min' | 'max';
  rate: number;
  options: object;
  rates: number[];
}
const fixtures: { earlyStopping: Stopping[]; reduceLrOnPlateau: Reducing[] } = JSON.parse(
  readFileSync(new URL('../fixtures/callbacks.json', import.meta.url), 'utf8'),
);

const measured = { validation: true };
const recordOf = (value: Value, i: number): EpochRecord => ({
  epoch: i + 1,
  loss: 0,
  accuracy: 0,
  seconds: 1,
  imagesPerSecond: 1,
  gradientNorms: {},
  ...(value !== null && { validationLoss: Number(value) }),
});

/** Calls them as `fit` does; at `brokenAt` a snapshot goes through JSON, and another run resumes from it. */
function run(filled: ReturnType<typeof fillCallbacks>, values: readonly Value[], rate: number, brokenAt = -1) {
  let callbacks = new Callbacks(filled, measured);
  const [rates, kept]: [number[], number[]] = [[], []];
  let learningRate = rate;
  for (const [i, value] of values.entries()) {
    if (i === brokenAt) callbacks = new Callbacks(filled, measured, JSON.parse(JSON.stringify(callbacks.states)));
    const decided = callbacks.epochEnd(recordOf(value, i), learningRate);
    learningRate = decided.learningRate ?? learningRate;
    rates.push(learningRate);
    if (decided.keepWeights) kept.push(i + 1);
    if (decided.stop) break;
  }
  return { callbacks, rates, kept };
}

describe.each(fixtures.earlyStopping.map((made, i) => [i, made] as const))('earlyStopping %i', (_, made) => {
  const { values, mode, options, stoppedEpoch, best, bestEpoch } = made;
  const filled = fillCallbacks({ earlyStopping: { mode, restoreBestWeights: true, ...options } });

  test('stops when Keras does, whether or not the run was interrupted', () => {
    for (const brokenAt of [-1, 1, 4]) {
      const { callbacks, rates, kept } = run(filled, values, 0.001, brokenAt);
      expect(rates).toHaveLength(stoppedEpoch ?? values.length);
      const { earlyStopping: state } = callbacks.states!;
      expect(state).toMatchObject({ monitor: 'validationLoss', ...(best !== null && { best }) });
      expect(state!.stoppedEpoch ?? null).toBe(stoppedEpoch);
      expect(state!.bestEpoch ?? null).toBe(bestEpoch);
      // The weights to be restored are those of the best epoch.
      expect(kept.at(-1) ?? null).toBe(bestEpoch);
      expect(callbacks.stoppedEarly(true) !== undefined).toBe(stoppedEpoch !== null);
    }
  });
});

test.each(fixtures.reduceLrOnPlateau.map((made, i) => [i, made] as const))(
  'reduceLrOnPlateau %i reduces the rate when and as Keras does, whether or not the run was interrupted',
  (_, { values, mode, rate, options, rates }) => {
    const filled = fillCallbacks({ reduceLrOnPlateau: { mode, ...options } });
    for (const brokenAt of [-1, 5]) {
      expect(run(filled, values, rate, brokenAt).rates.map(Math.fround)).toEqual(rates);
    }
  },
);

test('both together; state of another monitor is reset', () => {
  const filled = fillCallbacks({
    earlyStopping: { patience: 3 },
    reduceLrOnPlateau: { patience: 1, factor: 0.5 },
  });
  const { callbacks, rates } = run(filled, [1, 2, 2, 2, 2], 0.5);
  expect(rates).toEqual([0.5, 0.25, 0.125, 0.0625]);
  expect(callbacks.stoppedEarly(false)).toEqual({
    epoch: 4,
    reason: 'earlyStopping',
    monitor: 'validationLoss',
    best: 1,
    bestEpoch: 1,
    restoredBestWeights: false,
  });
  const other = fillCallbacks({ earlyStopping: { monitor: 'loss' } });
  expect(new Callbacks(other, measured, callbacks.states).states).toEqual({
    earlyStopping: { monitor: 'loss', wait: 0 },
  });
  expect(new Callbacks({}, measured, callbacks.states).states).toBeUndefined();
});

test.each<[object, string]>([
  [{ earlyStopping: { patience: -1 } }, 'an integer >= 0'],
  [{ earlyStopping: { patince: 1 } }, 'did you mean "patience"?'],
  [{ earlyStopping: { mode: 'least' } }, '"auto"'],
  [{ earlyStopping: 3 }, 'earlyStopping'],
  [{ reduceLrOnPlateau: { factor: 1 } }, 'a number from 0 to 1 (ends excluded)'],
  [{ reduceLrOnPlateau: { cooldown: 0.5 } }, 'an integer >= 0'],
  [{ validationSplit: 0 }, 'a number from 0 to 1 (ends excluded)'],
  [{ validationSplit: 1 }, 'a number from 0 to 1 (ends excluded)'],
  [{ validationFreq: 0 }, 'an integer >= 1, or a list of epochs from 1'],
  [{ validationFreq: [] }, 'an integer >= 1, or a list of epochs from 1'],
  [{ validationFreq: [1, 0] }, 'an integer >= 1, or a list of epochs from 1'],
  [{ terminateOnNaN: 1 }, 'terminateOnNaN is invalid'],
])('%j is refused', (settings, words) => {
  expect(() => fillFitSettings(settings)).toThrow(words);
});

test('a monitor that is not measured, and a schedule together with a reduced rate, are rejected', () => {
  const without = { validation: false };
  const stopping = fillCallbacks({ earlyStopping: {} });
  expect(() => requireCallbacksFit(stopping, without, false)).toThrow(/earlyStopping monitors.*\n.*validationLoss/);
  requireCallbacksFit(fillCallbacks({ earlyStopping: { monitor: 'loss' } }), without, true);
  const reducing = fillCallbacks({ reduceLrOnPlateau: {} });
  expect(() => requireCallbacksFit(reducing, measured, true)).toThrow('requires a constant learning rate');
  requireCallbacksFit(reducing, measured, false);
});

test('which epochs are validated', () => {
  const validated = (frequency: number | number[]) =>
    [1, 2, 3, 4, 5, 6].filter((epoch) => isValidated(epoch, frequency));
  expect(validated(1)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(validated(3)).toEqual([3, 6]);
  expect(validated([1, 5, 9])).toEqual([1, 5]);
});

test('validationSplit holds out the last samples, as many as Keras', () => {
  // int(floor(count * (1 - share))) in Python.
  expect([lastShareBegins(42, 0.2), lastShareBegins(10, 0.1), lastShareBegins(7, 0.5)]).toEqual([33, 9, 3]);
  expect(() => lastShareBegins(1, 0.5)).toThrow('leaves no image to train on');
  expect(() => lastShareBegins(10, 1e-18)).toThrow('leaves no image for validation');
});
