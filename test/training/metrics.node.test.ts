import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { figuresOf, fillMetrics, type MetricConfig, requireMetricsFit } from '../../src/model/metrics/index.ts';
import { Tally } from '../../src/model/metrics/tally.ts';
import { isBetter, monitorNames, monitorOf } from '../../src/train/monitor.ts';

interface Averages {
  byClass: number[];
  macro: number;
  micro: number;
  weighted: number;
}
interface Case {
  labels: number[];
  probabilities: number[];
  weights?: number[];
  metrics: Record<'precision' | 'recall' | 'f1Score', Averages> & {
    accuracy: number;
    balancedAccuracy: number;
    confusionMatrix: number[][];
    topK: Record<string, number>;
  };
}
const cases: Record<string, Case> = JSON.parse(
  readFileSync(new URL('../fixtures/metrics.json', import.meta.url), 'utf8'),
);

/** Counts as an evaluation does: in parts, the last one short. */
function tallyOf({ labels, probabilities, weights }: Case, part = 8): Tally {
  const classes = probabilities.length / labels.length;
  const tally = new Tally(classes);
  for (let at = 0; at < labels.length; at += part) {
    const end = Math.min(at + part, labels.length);
    tally.add(labels.slice(at, end), probabilities.slice(at * classes, end * classes), weights?.slice(at, end));
  }
  return tally;
}

const close = (value: unknown, expected: number | number[]) => {
  const [all, wanted] = [value, expected].map((one) => (Array.isArray(one) ? one : [one]) as number[]);
  expect(all).toHaveLength(wanted!.length);
  for (const [i, one] of all!.entries()) expect(one).toBeCloseTo(wanted![i]!, 12);
};

describe.each(Object.entries(cases))('%s', (_, made) => {
  const tally = tallyOf(made);
  const computed = (...metrics: MetricConfig[]) => figuresOf(fillMetrics(metrics), tally);

  test.each(['precision', 'recall', 'f1Score'] as const)('%s by class, and its averages', (type) => {
    const expected = made.metrics[type];
    close(computed(type)[`${type}ByClass`], expected.byClass);
    for (const average of ['macro', 'micro', 'weighted'] as const) {
      close(computed({ type, average })[type], expected[average]);
    }
    close(computed(type)[type], expected.macro);
  });

  test('accuracy, balanced accuracy and the confusion matrix', () => {
    const figures = computed('accuracy', 'balancedAccuracy', 'confusionMatrix');
    close(figures.accuracy, made.metrics.accuracy);
    close(figures.balancedAccuracy, made.metrics.balancedAccuracy);
    for (const [label, row] of made.metrics.confusionMatrix.entries()) {
      close((figures.confusionMatrix as number[][])[label], row);
    }
  });

  test('top-k for every k', () => {
    for (const [k, expected] of Object.entries(made.metrics.topK)) {
      const name = `top${k}`;
      close(computed({ type: 'topKCategoricalAccuracy', k: Number(k), name })[name], expected);
    }
  });
});

test('ties are for the first class in a prediction and for the label in top-k; what is no number counts for nothing', () => {
  const tally = new Tally(3);
  tally.add([1, 2, 0], Float32Array.of(0.4, 0.4, 0.2, NaN, NaN, NaN, 0.2, 0.2, 0.6));
  const figures = figuresOf(
    fillMetrics([
      'accuracy',
      'recall',
      'confusionMatrix',
      { type: 'topKCategoricalAccuracy', k: 1, name: 'top1' },
      { type: 'topKCategoricalAccuracy', k: 3, name: 'top3' },
    ]),
    tally,
  );
  expect(figures).toEqual({
    accuracy: 0,
    recall: 0,
    recallByClass: [0, 0, 0],
    confusionMatrix: [
      [0, 0, 1],
      [1, 0, 0],
      [0, 0, 0],
    ],
    top1: 1 / 3,
    top3: 2 / 3,
  });
  expect(figuresOf(fillMetrics(['precision', 'balancedAccuracy', 'f1Score']), new Tally(2))).toMatchObject({
    precision: 0,
    balancedAccuracy: 0,
    f1Score: 0,
  });
});

test.each<[unknown, string]>([
  [['precison'], 'did you mean "precision"?'],
  [[{ type: 'f1Score', averag: 'micro' }], 'did you mean "average"?'],
  [[{ type: 'f1Score', average: 'mean' }], '"macro"'],
  [[{ type: 'topKCategoricalAccuracy', k: 0 }], 'an integer >= 1'],
  [['recall', { type: 'recall', average: 'micro' }], 'Two metrics have the same name'],
  [[{ type: 'recall', name: 'loss' }], 'Two metrics have the same name'],
  [[{ type: 'recall', name: '1' }], 'The name of the metric recall is invalid'],
  ['recall', 'a list of some of accuracy'],
  [[7], 'Unknown metric'],
])('%j is refused', (metrics, words) => {
  expect(() => fillMetrics(metrics as MetricConfig[])).toThrow(words);
});

test('a k beyond the classes is refused', () => {
  expect(() => requireMetricsFit(fillMetrics(['topKCategoricalAccuracy']), 3)).toThrow('k from 1 to 3');
  requireMetricsFit(fillMetrics(['topKCategoricalAccuracy']), 5);
});

describe('a monitor', () => {
  const metrics = fillMetrics(['f1Score', 'confusionMatrix', { type: 'topKCategoricalAccuracy', k: 2, name: 'top2' }]);
  const measured = { validation: true, metrics };

  test('is one of the figures that the run measures, with its better direction', () => {
    expect(monitorNames(measured)).toEqual([
      'loss',
      'accuracy',
      'validationLoss',
      'validationAccuracy',
      'validationF1Score',
      'validationTop2',
    ]);
    expect(monitorNames({ validation: false, accuracy: false, metrics })).toEqual(['loss', 'meanAbsoluteError']);
    expect(monitorOf({ monitor: 'validationLoss' }, measured, 'x')).toEqual({ name: 'validationLoss', mode: 'min' });
    expect(monitorOf({ monitor: 'validationTop2' }, measured, 'x').mode).toBe('max');
    expect(monitorOf({ monitor: 'validationTop2', mode: 'min' }, measured, 'x').mode).toBe('min');
  });

  test.each<[string, object, string]>([
    ['validationLos', measured, 'did you mean "validationLoss"?'],
    ['validationLoss', { validation: false }, 'give validationData or validationSplit, or monitor loss'],
    ['validationRecall', measured, "add 'recall' to metrics, or monitor loss"],
    ['validationRecall', { validation: false }, "add 'recall' to metrics and give validationData"],
    ['validationConfusionMatrix', measured, "earlyStopping monitors a metric that this run doesn't compute"],
  ])('%s of %j is refused', (monitor, run, words) => {
    expect(() => monitorOf({ monitor }, run as typeof measured, 'earlyStopping')).toThrow(words);
  });

  test('is better by more than minDelta; NaN never is', () => {
    const [least, most] = [{ mode: 'min' } as const, { mode: 'max' } as const];
    expect([isBetter(least, 1), isBetter(least, NaN), isBetter(least, Infinity), isBetter(least, 1, 1)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect([isBetter(least, 0.5, 1, 0.5), isBetter(least, 0.25, 1, 0.5)]).toEqual([false, true]);
    expect([isBetter(most, 1.5, 1, 0.5), isBetter(most, 1.75, 1, 0.5)]).toEqual([false, true]);
  });
});
