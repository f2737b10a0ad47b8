import { describe, expect, test } from 'vitest';
import { createAugmenter, createTrainer } from '../../src/index.ts';
import { figuresOf, fillMetrics, type MetricConfig } from '../../src/model/metrics/index.ts';
import { Tally } from '../../src/model/metrics/tally.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { exactRescale, smallClasses, smallDataset, smallModel } from './small.ts';

const dataset = smallDataset(42);
const validationData = smallDataset(21, 2);
const metrics: MetricConfig[] = [
  'precision',
  'f1Score',
  'balancedAccuracy',
  'confusionMatrix',
  { type: 'topKCategoricalAccuracy', k: 2, name: 'top2' },
];
const make = (options: object = {}) =>
  createTrainer(gpu, { model: smallModel, batchSize: 8, seed: 3, augmentation: { rescale: exactRescale }, ...options });

/** Computed on the host from the predictions. */
function expectedOf(probabilities: Float32Array, { labels }: { labels: ArrayLike<number> }, of = metrics) {
  const tally = new Tally(smallClasses);
  tally.add(labels, probabilities);
  return figuresOf(fillMetrics(of), tally);
}

describe('weights of samples', () => {
  const weightOf = (n: number) => [0, 1, 2.5, 0.5][n % 4]!;
  const weights = (count: number) => Float32Array.from({ length: count }, (_, n) => weightOf(n));
  /** Keras' figures in float64: the loss divides by the number of samples, a weighted metric by the weights. */
  const expectedWith = (
    probabilities: Float32Array,
    { labels, count }: { labels: ArrayLike<number>; count: number },
  ) => {
    const sum = (of: (n: number) => number) =>
      Array.from({ length: count }, (_, n) => of(n)).reduce((a, b) => a + b, 0);
    const row = (n: number) => [...probabilities.subarray(n * smallClasses, (n + 1) * smallClasses)];
    const isCorrect = (n: number) => Number(row(n).indexOf(Math.max(...row(n))) === labels[n]);
    return {
      loss: sum((n) => -weightOf(n) * Math.log(row(n)[labels[n]!]!)) / count,
      accuracy: sum(isCorrect) / count,
      weightedAccuracy: sum((n) => weightOf(n) * isCorrect(n)) / sum(weightOf),
    };
  };

  test('evaluate and the validation count them in the loss and in weightedMetrics, with a short last batch', async () => {
    const trainer = make({ weightedMetrics: ['accuracy', { type: 'recall', name: 'found' }] });
    const weighted = { ...validationData, sampleWeights: weights(21) };
    const { epochs } = await trainer.fit(dataset, { epochs: 1, validationData: weighted });
    const expected = expectedWith(await trainer.predict(validationData), validationData);
    const evaluation = await trainer.evaluate(weighted);
    expect(evaluation).toEqual(await trainer.evaluate(validationData, { sampleWeight: weights(21) }));
    expect(evaluation.loss).toBeCloseTo(expected.loss, 5);
    expect(evaluation.accuracy).toBeCloseTo(expected.accuracy, 6);
    expect(evaluation.weightedAccuracy).toBeCloseTo(expected.weightedAccuracy, 12);
    expect(evaluation.foundByClass).toHaveLength(smallClasses);
    expect(epochs[0]).toMatchObject({
      validationLoss: evaluation.loss,
      validationAccuracy: evaluation.accuracy,
      validationWeightedAccuracy: evaluation.weightedAccuracy,
    });
    // Weights of one are equivalent to no weights, up to the rounding of the weighted sum.
    const { loss: ofOnes, ...ones } = await trainer.evaluate(validationData, {
      sampleWeight: new Float32Array(21).fill(1),
    });
    const { loss, ...figures } = await trainer.evaluate(validationData);
    expect(ones).toEqual(figures);
    expect(ofOnes).toBeCloseTo(loss, 6);
    const augmented = { testTimeAugmentation: { samples: 2, augmentation: { rescale: exactRescale } } };
    expect((await trainer.evaluate(weighted, augmented)).loss).toBeCloseTo(expected.loss, 5);
    await expect(trainer.evaluate(validationData, { sampleWeight: [1, 2] })).rejects.toThrow(
      'weights and images differ',
    );
  });

  test("the weights of a data set are fit's, unless it is given others", async () => {
    const losses = await Promise.all(
      [
        make().fit({ ...dataset, sampleWeights: weights(42) }),
        make().fit(dataset, { sampleWeight: weights(42) }),
        make().fit({ ...dataset, sampleWeights: weights(42) }, { sampleWeight: new Float32Array(42).fill(2) }),
        make().fit(dataset, { sampleWeight: new Float32Array(42).fill(2) }),
      ].map(async (fit) => (await fit).steps.map(({ loss }) => loss)),
    );
    expect(losses[0]).toEqual(losses[1]);
    expect(losses[2]).toEqual(losses[3]);
    expect(losses[0]).not.toEqual(losses[2]);
  });
});

describe('metrics', () => {
  test('of evaluate and of the validation are those of the probabilities, with a short last batch', async () => {
    const [trainer, plain] = [make({ metrics }), make()];
    const { epochs } = await trainer.fit(dataset, { epochs: 2, validationData });
    const without = await plain.fit(dataset, { epochs: 2, validationData });
    const expected = expectedOf(await trainer.predict(validationData), validationData);
    const { loss, accuracy, ...figures } = await trainer.evaluate(validationData);
    expect(figures).toEqual(expected);
    expect(figures.precisionByClass).toHaveLength(smallClasses);
    expect(figures.confusionMatrix!.flat().reduce((a, b) => a + b)).toBe(21);
    expect(epochs[1]).toMatchObject({
      validationLoss: loss,
      validationAccuracy: accuracy,
      validationF1Score: expected.f1Score,
      validationF1ScoreByClass: expected.f1ScoreByClass,
      validationTop2: expected.top2,
      validationConfusionMatrix: expected.confusionMatrix,
    });
    // Loss, accuracy and training are bit-identical to those without metrics.
    expect(without.epochs[1]).toMatchObject({ validationLoss: loss, validationAccuracy: accuracy });
    expect(without.epochs[1]).not.toHaveProperty('validationF1Score');
    expect(await plain.getWeights()).toEqual(await trainer.getWeights());
    // The metrics of a call replace the trainer's.
    expect(Object.keys(await trainer.evaluate(validationData, { metrics: ['recall'] }))).toEqual([
      'loss',
      'accuracy',
      'recall',
      'recallByClass',
    ]);
    expect(await plain.meanwhile.evaluate(validationData)).toEqual({ loss, accuracy });
    trainer.dispose();
    plain.dispose();
  });

  test('bad options are refused before anything runs', async () => {
    expect(() => make({ metrics: ['f1score'] })).toThrow('did you mean "f1Score"?');
    expect(() => make({ metrics: ['topKCategoricalAccuracy'] })).toThrow('k from 1 to 3');
    const trainer = make();
    await expect(trainer.evaluate(dataset, { metric: ['recall'] } as object)).rejects.toThrow(
      'did you mean "metrics"?',
    );
    await expect(trainer.evaluate(dataset, { testTimeAugmentation: 0 })).rejects.toThrow('an integer from 1 to 10000');
    await expect(trainer.predict(dataset, { testTimeAugmentation: { samples: 2, n: 1 } as never })).rejects.toThrow(
      'no option n',
    );
    await expect(trainer.predict(new Float32Array(36), { testTimeAugmentation: 2 })).rejects.toThrow('a data set');
    const augmentation = [{ type: 'mixUp' as const }];
    await expect(trainer.evaluate(dataset, { testTimeAugmentation: { samples: 2, augmentation } })).rejects.toThrow(
      'cannot mix images',
    );
    trainer.dispose();
  });
});

describe('test-time augmentation', () => {
  test('of one sample without augmentation equals the plain evaluation', async () => {
    const trainer = make({ metrics: ['f1Score'] });
    const tta = { testTimeAugmentation: 1 };
    expect(await trainer.predict(validationData, tta)).toEqual(await trainer.predict(validationData));
    expect(await trainer.evaluate(validationData, tta)).toEqual(await trainer.evaluate(validationData));
    const rotating = make({ augmentation: { rescale: exactRescale, rotationRange: 40 } });
    const none = { testTimeAugmentation: { samples: 1, augmentation: { rescale: exactRescale } } };
    expect(await rotating.predict(validationData, none)).toEqual(await rotating.predict(validationData));
    trainer.dispose();
    rotating.dispose();
  });

  test('is the mean over the samples that training would see, and repeats', async () => {
    const augmentation = { rescale: exactRescale, rotationRange: 40, horizontalFlip: true };
    const trainer = make({ augmentation });
    await trainer.fit(dataset);
    const { imageShape, images, labels, count } = validationData;
    const augmenter = createAugmenter(gpu, { imageShape, augmentation, seed: 3 });
    const sums = new Float64Array(count * smallClasses);
    for (const epoch of [1, 2, 3]) {
      const drawn = await augmenter.apply(images, { epoch, samples: Array.from({ length: count }, (_, i) => i) });
      const floats = await trainer.predict(drawn);
      for (const [i, probability] of floats.entries()) sums[i]! += probability;
    }
    const tta = { testTimeAugmentation: 3 };
    const mean = await trainer.predict(validationData, tta);
    for (const [i, sum] of sums.entries()) expect(mean[i]).toBeCloseTo(sum / 3, 5);
    expect(await trainer.meanwhile.predict(validationData, tta)).toEqual(mean);
    const evaluation = await trainer.evaluate(validationData, { ...tta, metrics });
    const { accuracy } = expectedOf(mean, validationData, ['accuracy']);
    const loss =
      -Array.from(labels).reduce((sum, label, n) => sum + Math.log(mean[n * smallClasses + label]!), 0) / count;
    expect(evaluation).toMatchObject({ accuracy, ...expectedOf(mean, validationData) });
    expect(evaluation.loss).toBeCloseTo(loss, 12);
    expect(evaluation.loss).not.toBe((await trainer.evaluate(validationData)).loss);
    augmenter.dispose();
    trainer.dispose();
  });
});
