import { describe, expect, test } from 'vitest';
import { chanceLevel } from '../../src/health/chance.ts';
import {
  type Change,
  type HealthRecord,
  type LayerHealth,
  type VerdictName,
  verdictNames,
} from '../../src/health/health.ts';
import { addLoss, type LossStretches, mostStretches, quartersOf, stepsOf } from '../../src/health/loss_stretches.ts';
import { largestUpdateRatio, remediesFor } from '../../src/health/remedies.ts';
import { RunWatch, runThresholds } from '../../src/health/run_watch.ts';
import { type JudgedLayer, judgedLayers } from '../../src/health/verdicts.ts';
import type { ActivationName } from '../../src/model/activations.ts';
import { compileModel, type Model } from '../../src/model/graph.ts';
import { fillLoss } from '../../src/model/loss.ts';
import { type PresetName, presetModel, presetNames } from '../../src/model/presets.ts';
import type { InitializerConfig } from '../../src/model/weight_options.ts';
import { applyChange, type Changeable } from '../../src/train/apply_change.ts';

/** The health of a step in which all layers have the same figures. */
function healthOf(layers: readonly JudgedLayer[], input: NonNullable<HealthRecord['input']>): HealthRecord {
  const tensor = {
    ...{ gradientNorm: 1, gradientRms: 1, gradientMax: 1, weightNorm: 1, updateNorm: 1e-3, updateRatio: 1e-3 },
  };
  const layer: LayerHealth = {
    ...tensor,
    tensors: { kernel: tensor },
    activation: { mean: 0, standardDeviation: 1, zeros: 0, saturated: 0 },
    ...{ units: 64, dead: 0, equal: 0, deltaRms: 1e-3, transport: 0.9 },
    nonFinite: { activations: 0, deltas: 0, gradients: 0, weights: 0 },
  };
  return { layers: Object.fromEntries(layers.map(({ name }) => [name, layer])), transport: 1, input };
}

interface Experiment extends Changeable {
  /** The factor for the image bytes follows from the augmentation. */
  mostUpdateRatio: number;
}

/** The input statistics of an experiment whose images are bytes. */
const inputOf = ({ augmentation }: Experiment) => {
  const factor = (augmentation as { rescale?: number } | undefined)?.rescale ?? 1 / 255;
  return { mean: 33 * factor, standardDeviation: 79 * factor };
};

/** The experiments reached by a remedy of any verdict of any layer. */
function nextOf(experiment: Experiment): Experiment[] {
  const layers = judgedLayers(compileModel(experiment.model));
  const health = healthOf(layers, inputOf(experiment));
  const step = { step: 20, epoch: 1, loss: 1, samples: 32, skipped: false, gradientNorms: {}, health };
  const changes = new Map<string, Change>();
  for (const layer of [layers[0]!, layers.at(-2) ?? layers[0]!]) {
    for (const name of verdictNames) {
      const figures = {
        ...{ step, health, layer, layers, own: health.layers[layer.name]!, reach: 1, relativeGradient: 1 },
        mostUpdateRatio: experiment.mostUpdateRatio,
      };
      for (const { change } of remediesFor(name, figures)) if (change) changes.set(JSON.stringify(change), change);
    }
  }
  return [...changes.values()].map((change) => {
    const next = applyChange(experiment, change);
    // A tenth of the rate changes the weights by a tenth.
    return change.learningRateTimes === undefined
      ? next
      : { ...next, mostUpdateRatio: experiment.mostUpdateRatio * change.learningRateTimes };
  });
}

describe('no remedy leads to a verdict whose remedy leads back', () => {
  const dense = (activation: ActivationName, kernelInitializer: InitializerConfig, value = 0): Model => ({
    inputShape: [8, 8, 1],
    layers: [
      { type: 'flatten' },
      ...[1, 2].map(() => ({
        ...{ type: 'dense' as const, units: 64, activation, kernelInitializer },
        biasInitializer: { type: 'constant' as const, value },
      })),
      { type: 'dense', units: 10, activation: 'softmax' },
    ],
  });
  const cases: [string, Experiment][] = [
    ['sigmoid', { model: dense('sigmoid', 'lecunNormal'), mostUpdateRatio: 1e-3 }],
    ['tanh from zeros', { model: dense('tanh', 'zeros'), mostUpdateRatio: 1e-3 }],
    ['tanh, too large, fast', { model: dense('tanh', { type: 'randomNormal', stddev: 1 }), mostUpdateRatio: 3 }],
    ['relu, dead by its biases', { model: dense('relu', 'glorotUniform', -10), mostUpdateRatio: 3 }],
    ['inputs of 0 to 255', { model: dense('relu', 'heNormal'), augmentation: { rescale: 1 }, mostUpdateRatio: 0.2 }],
    ['convolutions', { model: presetModel('tutorial', [8, 8, 1], 10), mostUpdateRatio: 0.2 }],
  ];

  test.each(cases)('%s', (_, experiment) => {
    const key = ({ model, optimizer, augmentation }: Experiment) => JSON.stringify({ model, optimizer, augmentation });
    const done = new Set<string>();
    const follow = (at: Experiment, path: readonly string[]) => {
      const name = key(at);
      expect(path.includes(name), `${path.join('\n')}\n${name}`).toBe(false);
      // After this many remedies, only smaller and smaller rates would be left.
      expect(path.length).toBeLessThan(12);
      if (done.has(name) || (at.optimizer as { learningRate: number }).learningRate < 0.002) return;
      for (const next of nextOf(at)) {
        // A change that repeats the current settings leads nowhere.
        if (key(next) !== name) follow(next, [...path, name]);
      }
      done.add(name);
    };
    follow({ ...experiment, optimizer: { type: 'sgd', learningRate: 0.1 } }, []);
    expect(done.size).toBeGreaterThan(1);
  });
});

test('a rate that was too large does not become too small, nor the other way', () => {
  expect(0.1 * largestUpdateRatio).toBeGreaterThan(100 * runThresholds.leastUpdateRatio);
});

describe('a change makes a new experiment', () => {
  const model = presetModel('deep-sigmoid-batchnorm', [8, 8, 1], 10);

  test('of layers: an activation goes where it is, in a layer after it', () => {
    const change: Change = {
      layers: { dense: { kernelInitializer: 'heNormal' }, batch_normalization: { activation: 'relu' } },
    };
    const changed = applyChange({ model }, change).model;
    expect(changed.layers.slice(1, 4)).toEqual([
      { ...model.layers[1], kernelInitializer: 'heNormal' },
      model.layers[2],
      { type: 'activation', activation: 'relu' },
    ]);
    expect(changed.layers.slice(4)).toEqual(model.layers.slice(4));
    expect(() => compileModel(changed)).not.toThrow();
  });

  test('of the learning rate and a clip, in every form that an optimizer has', () => {
    const tenth = (optimizer: Changeable['optimizer']) =>
      applyChange({ model, optimizer }, { learningRateTimes: 0.1, globalClipnorm: 1 }).optimizer;
    expect(tenth(undefined)).toEqual({ type: 'adam', learningRate: 0.0001, globalClipnorm: 1 });
    expect(tenth({ type: 'sgd', learningRate: 0.3, momentum: 0.9 })).toEqual({
      ...{ type: 'sgd', learningRate: 0.03, momentum: 0.9, globalClipnorm: 1 },
    });
    const schedule = { type: 'cosineDecay' as const, initialLearningRate: 0.1, decaySteps: 100 };
    expect(tenth({ type: 'sgd', learningRate: schedule })).toMatchObject({
      learningRate: { type: 'cosineDecay', initialLearningRate: 0.01, decaySteps: 100 },
    });
  });

  test('of the inputs', () => {
    const rescaled = (augmentation: Changeable['augmentation'], rescale: number) =>
      applyChange({ model, augmentation }, { rescale }).augmentation;
    expect(rescaled({ rescale: 1, rotationRange: 5 }, 1 / 255)).toEqual({
      rescale: 0.00392156862745,
      rotationRange: 5,
    });
    expect(rescaled(null, 255)).toEqual({ rescale: 1 });
    expect(() => rescaled([], 255)).toThrow(/cannot be rescaled after a list of ops.*batchNormalization/s);
  });

  test('of a layer that is not there: refused', () => {
    expect(() => applyChange({ model }, { layers: { dence: {} } })).toThrow(
      /a layer that the model does not have.*dence/s,
    );
  });

  test.each(presetNames)('%s takes every remedy of every verdict', (name: PresetName) => {
    const experiment = { model: presetModel(name, [32, 32, 3], 10), mostUpdateRatio: 1 };
    for (const next of nextOf(experiment)) expect(() => compileModel(next.model)).not.toThrow();
  });
});

describe('chance level', () => {
  const labels = [0, 0, 1, 2];
  const entropy = -(0.5 * Math.log(0.5) + 2 * 0.25 * Math.log(0.25));

  test.each([
    ['sparseCategoricalCrossentropy', entropy],
    ['categoricalCrossentropy', entropy],
    ['binaryCrossentropy', undefined],
    ['meanSquaredError', undefined],
  ] as const)('%s', (type, loss) => {
    const level = chanceLevel(fillLoss(type), labels, 3)!;
    expect(level.accuracy).toBe(0.5);
    if (loss === undefined) expect(level.loss).toBeUndefined();
    else expect(level.loss).toBeCloseTo(loss, 12);
  });

  test('with smoothed labels, and none without classes', () => {
    const smoothed = [0.8 * 0.5 + 0.2 / 3, 0.8 * 0.25 + 0.2 / 3, 0.8 * 0.25 + 0.2 / 3];
    const expected = -smoothed.reduce((sum, share) => sum + share * Math.log(share), 0);
    const loss = fillLoss({ type: 'sparseCategoricalCrossentropy', labelSmoothing: 0.2 });
    expect(chanceLevel(loss, labels, 3)!.loss).toBeCloseTo(expected, 12);
    expect(chanceLevel(loss, [], 0)).toBeUndefined();
  });
});

test('losses are kept in few stretches, whose quarters are those of the run', () => {
  const losses: LossStretches = { span: 1, stretches: [] };
  const step = (loss: number) => ({
    ...{ step: 1, epoch: 1, loss, accuracy: loss / 10, samples: 32, skipped: false, gradientNorms: {} },
  });
  for (let i = 0; i < 4096; i++) addLoss(losses, step(i < 3072 ? 2 : 1));
  expect(losses.stretches.length).toBeLessThanOrEqual(mostStretches);
  expect(stepsOf(losses)).toBe(4096);
  expect(quartersOf(losses).map(({ loss }) => loss)).toEqual([2, 2, 2, 1]);
  expect(quartersOf(losses)[3]!.accuracy).toBeCloseTo(0.1);
});

describe('the verdict of a run', () => {
  const layers: JudgedLayer[] = [{ name: 'dense', activation: 'relu' }];
  const facts = { chance: { loss: 2.3, accuracy: 0.1 }, images: 1000, weights: 5000 };
  /** The verdicts of a run whose loss is a function of the completed fraction. */
  const verdictOf = (loss: (share: number) => number, validation?: (share: number) => number, chance = true) => {
    const watch = new RunWatch(layers, chance ? facts : { ...facts, chance: undefined });
    for (let step = 1; step <= 400; step++) {
      const skipped = !Number.isFinite(loss(step / 400));
      watch.addStep({
        ...{ step, epoch: 1, loss: loss(step / 400), accuracy: 0.1, samples: 32, skipped, gradientNorms: {} },
      });
      if (step % 40 === 0) {
        const record = { epoch: step / 40, loss: loss(step / 400), seconds: 1, imagesPerSecond: 1, gradientNorms: {} };
        watch.addEpoch({ ...record, ...(validation && { validationLoss: validation(step / 400) }) });
      }
    }
    return watch.judge({ step: 400, epoch: 10 }, [], 'end');
  };

  test.each<[string, string, (share: number) => number, ((share: number) => number)?]>([
    ['falls', 'learning', (share) => 2.3 * Math.exp(-2 * share)],
    ['falls slowly, near chance level', 'learning', (share) => 2.3 - 0.2 * share],
    ['stays at chance level', 'plateau', (share) => 2.3 + 0.01 * Math.sin(100 * share)],
    ['stands far above it', 'plateau', () => 14],
    ['stalls', 'plateau', (share) => Math.max(1.2, 2.3 - 4 * share)],
    ['rises', 'diverging', (share) => 1 + 20 * share ** 3],
    ['is low', 'done', (share) => 2.3 * Math.exp(-9 * share)],
    ['stands still below', 'done', (share) => Math.max(0.3, 2.3 - 6 * share)],
    [
      'falls while the validation rises',
      'overfitting',
      (share) => 2 * Math.exp(-5 * share),
      (share) => 1 + (share - 0.3) ** 2,
    ],
    [
      'falls, and so does the validation',
      'learning',
      (share) => 2 * Math.exp(-share),
      (share) => 2.1 * Math.exp(-share),
    ],
  ])('the loss %s: %s', (_, verdict, loss, validation) => {
    expect(verdictOf(loss, validation)!.verdict).toBe(verdict);
  });

  test('without classes the loss at the start takes the place of chance level', () => {
    expect(verdictOf(() => 4, undefined, false)!.verdict).toBe('plateau');
    expect(verdictOf((share) => Math.max(0.5, 4 - 20 * share), undefined, false)!.verdict).toBe('done');
  });

  test('a plateau without a cause says so; nothing is said of the first steps', () => {
    const plateau = verdictOf(() => 2.3)!;
    expect(plateau).toMatchObject({
      headline: 'the loss stays at chance level',
      cause: 'no cause found',
      remedies: [],
    });
    expect(plateau.causeType).toBeUndefined();
    const watch = new RunWatch(layers, facts);
    expect(watch.judge({ step: 0, epoch: 1 }, [], 'end')).toBeUndefined();
  });

  test('its headline has no figures; it is reported again only if it or what its cause concerns changes', () => {
    const watch = new RunWatch(layers, facts);
    const addSteps = () => {
      for (let step = 1; step <= 200; step++)
        watch.addStep({ step, epoch: 1, loss: 2.3, accuracy: 0.1, samples: 32, skipped: false, gradientNorms: {} });
    };
    const judge = (layer: string, verdict: VerdictName, sentence: string) => {
      addSteps();
      const found = { layer, verdict, step: 1, epoch: 1, sentence, remedy: '' };
      return watch.judge({ step: 200, epoch: 1 }, [found], 'end');
    };
    const first = judge('dense', 'dead', '90 of 100 units are dead')!;
    expect(first).toMatchObject({ causeType: 'dead', causeLayer: 'dense' });
    expect(first.cause).toBe('dense is dead: 90 of 100 units are dead');
    expect(first.sentence.startsWith(`${first.headline}: `)).toBe(true);
    expect(first.headline).not.toMatch(/\d/);
    expect(judge('dense', 'dead', '91 of 100: nearly all are dead')).toBeUndefined();
    expect(watch.verdict!.cause).toContain('91 of 100');
    expect(judge('dense', 'saturated', '')).toMatchObject({ causeType: 'saturated' });
    expect(judge('dense_1', 'saturated', '')).toMatchObject({ causeLayer: 'dense_1' });
    const overfitting = verdictOf(
      (share) => 2 * Math.exp(-5 * share),
      (share) => 1 + (share - 0.3) ** 2,
    )!;
    expect(overfitting).toMatchObject({ causeType: 'fewImages' });
    expect(overfitting.headline).not.toMatch(/\d/);
  });

  test('its state makes another watch that says the same', () => {
    const watch = new RunWatch(layers, facts);
    const step = { step: 1, epoch: 1, loss: 2.3, accuracy: 0.1, samples: 32, skipped: false, gradientNorms: {} };
    for (let i = 0; i < 100; i++) watch.addStep(step);
    const other = new RunWatch(layers, facts, JSON.parse(JSON.stringify(watch.state)));
    for (const each of [watch, other]) for (let i = 0; i < 77; i++) each.addStep({ ...step, loss: 2.3 - i / 100 });
    expect(other.judge({ step: 177, epoch: 1 }, [], 'end')).toEqual(watch.judge({ step: 177, epoch: 1 }, [], 'end'));
  });
});
