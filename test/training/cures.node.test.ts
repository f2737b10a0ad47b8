import { describe, expect, test } from 'vitest';
import { compareCures, type TestedNetwork } from '../../src/compare/cure_rows.ts';
import { type CureRun, figuresOf } from '../../src/compare/cure_run.ts';
import { parseCures, treat, untreated } from '../../src/compare/cures.ts';
import { knownCures } from '../../src/compare/known_cures.ts';
import { ConfigurationError } from '../../src/errors.ts';
import type { HealthRecord, VerdictName } from '../../src/health/health.ts';
import type { StepRecord } from '../../src/health/history.ts';
import { applyChange, createDataset, type Model, presetModel, type TrainerOptions } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';

const images = (channels: number, count = 4) =>
  createDataset({
    images: new Uint8Array(count * 64 * channels),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
    imageShape: [8, 8, channels],
    classNames: [...'0123456789'],
  });
const gray = { train: images(1), test: images(1) };

const experiment = (model: Model): TrainerOptions => ({ model, optimizer: { type: 'sgd', learningRate: 0.1 } });
const sigmoids = experiment(presetModel('deep-sigmoid', [8, 8, 1], 10));
const convolutions = experiment(presetModel('plain20', [8, 8, 1], 10));
const typesOf = ({ model }: TrainerOptions) => model.layers.map(({ type }) => type);
const shapesOf = ({ model }: TrainerOptions) => compileModel(model).layers.at(-1)!.outputShape;

describe('a change that names no layer', () => {
  test('activation and initializer of all layers but the last', () => {
    const { model } = applyChange(sigmoids, { hidden: { activation: 'relu', kernelInitializer: 'heNormal' } });
    const dense = model.layers.slice(1);
    for (const layer of dense.slice(0, -1))
      expect(layer).toMatchObject({ type: 'dense', activation: 'relu', kernelInitializer: 'heNormal' });
    expect(dense.at(-1)).toEqual(sigmoids.model.layers.at(-1));
    const narrow = applyChange(convolutions, { hidden: { activation: 'sigmoid', filtersTimes: 0.5 } });
    expect(narrow.model.layers[0]).toMatchObject({ type: 'conv2d', filters: 8 });
    expect(narrow.model.layers[2]).toEqual({ type: 'activation', activation: 'sigmoid' });
    expect(compileModel(narrow.model).layers.at(-1)!.inputShape).toEqual([32]);
  });

  test('a normalization goes between kernel and activation, or in the place of one that is there', () => {
    const normalized = applyChange(sigmoids, { normalization: { type: 'layerNormalization' } });
    expect(typesOf(normalized).slice(0, 4)).toEqual(['flatten', 'dense', 'layerNormalization', 'activation']);
    expect(normalized.model.layers[1]).toMatchObject({ activation: 'linear' });
    expect(normalized.model.layers[3]).toMatchObject({ activation: 'sigmoid' });
    expect(typesOf(normalized).slice(-1)).toEqual(['dense']);
    expect(compileModel(normalized.model).measured).toHaveLength(21);
    const replaced = applyChange(convolutions, { normalization: { type: 'groupNormalization', groups: 4 } });
    expect(typesOf(replaced)).toEqual(
      typesOf(convolutions).map((type) => (type === 'batchNormalization' ? 'groupNormalization' : type)),
    );
    expect(shapesOf(replaced)).toEqual([10]);
  });

  test('shortcuts around the layers of one shape', () => {
    const short = applyChange(sigmoids, { shortcuts: true });
    // The first of the ten has 64 pixels and 64 units.
    expect(typesOf(short).filter((type) => type === 'add')).toHaveLength(10);
    expect(short.model.layers[2]).toEqual({ type: 'add', inputs: [-1, -2] });
    const { layers } = compileModel(short.model);
    // Each sum takes its layer and the previous sum.
    expect(layers[4]!.inputs).toEqual([3, 2]);
    const residual = applyChange(convolutions, { shortcuts: true });
    const adds = residual.model.layers.filter(({ type }) => type === 'add');
    // All nineteen convolutions except the first, which widens the images, and the two that start a stage.
    expect(adds).toHaveLength(16);
    expect(adds[0]).toEqual({ type: 'add', inputs: [-1, -4] });
    expect(shapesOf(residual)).toEqual([10]);
  });

  test('optimizer, rate, clips, images and loss', () => {
    const changed = applyChange(
      { ...sigmoids, augmentation: { rescale: 1 } },
      { learningRateTimes: 0.1, warmupSteps: 64, clipvalue: 0.1, standardize: true, labelSmoothing: 0.1 },
    );
    expect(changed.optimizer).toEqual({
      type: 'sgd',
      learningRate: { type: 'polynomialDecay', initialLearningRate: 0, endLearningRate: 0.01, decaySteps: 64 },
      clipvalue: 0.1,
    });
    expect(changed.augmentation).toEqual({ rescale: 1, samplewiseCenter: true, samplewiseStdNormalization: true });
    expect(changed.loss).toEqual({ type: 'sparseCategoricalCrossentropy', labelSmoothing: 0.1 });
    expect(applyChange(sigmoids, { optimizer: 'muon' }).optimizer).toBe('muon');
    expect(applyChange(sigmoids, { optimizer: 'adam', clipnorm: 1 }).optimizer).toEqual({ type: 'adam', clipnorm: 1 });
    expect(() => applyChange(changed, { warmupSteps: 3 })).toThrow(/schedule cannot be warmed up.*polynomialDecay/s);
  });
});

describe('a cure that has no place in a network', () => {
  const leftOut = (options: TrainerOptions, name: string) => {
    const treated = treat(options, knownCures.cures.find((cure) => cure.name === name)!, gray);
    return 'leftOut' in treated ? treated.leftOut : undefined;
  };
  const oneLayer = experiment({
    inputShape: [8, 8, 1],
    layers: [
      { type: 'flatten' },
      { type: 'dense', units: 12, activation: 'relu' },
      { type: 'dense', units: 10, activation: 'softmax' },
    ],
  });
  const residual = experiment(presetModel('resnet8', [8, 8, 1], 10));

  test.each<[string, TrainerOptions, string, RegExp]>([
    [
      'shortcuts without two layers of one shape',
      oneLayer,
      'shortcuts',
      /input and an output of the same shape.*64, 12/,
    ],
    ['shortcuts in a network with branches', residual, 'shortcuts', /to a network with branches.*names its inputs/],
    ['what the network has', oneLayer, 'ReLU', /has it already/],
    ['groups that divide no units', { ...oneLayer, model: narrowed(oneLayer.model) }, 'group normalization', /divide/],
    ['colors of gray images', oneLayer, 'RandAugment', /adjusts colors.*1 channel/],
  ])('%s', (_, options, cure, words) => {
    expect(leftOut(options, cure)).toMatch(words);
  });

  test('all others have one in each known network', () => {
    for (const { name } of knownCures.cures) {
      if (name === 'RandAugment') continue;
      expect(leftOut(sigmoids, name)).toBeUndefined();
    }
  });
});

const narrowed = (model: Model): Model => ({
  ...model,
  layers: model.layers.map((layer, i) => (i === 1 ? { type: 'dense', units: 7, activation: 'tanh' } : layer)),
});

describe('a file of networks and cures', () => {
  const good = {
    networks: [{ name: 'a', model: 'deep-sigmoid' }],
    cures: [{ name: 'Adam', change: { optimizer: 'adam' } }],
  };
  test('defaults', () => {
    expect(parseCures(good).networks[0]).toEqual({ name: 'a', words: '', model: 'deep-sigmoid', optimizer: 'sgd' });
    expect(parseCures(JSON.parse(JSON.stringify(knownCures)))).toEqual(JSON.parse(JSON.stringify(knownCures)));
  });

  const change = (of: unknown) => ({ ...good, cures: [{ name: 'x', change: of }] });
  test.each<[string, unknown, RegExp]>([
    ['no list', [], /list of cures/],
    ['no networks', { ...good, networks: [] }, /has no networks/],
    ['an unknown name', { ...good, cuers: [] }, /no option cuers.*did you mean "cures"/s],
    ['a network without a model', { ...good, networks: [{ name: 'a' }] }, /Network 1 lacks model/],
    ['two of one name', { ...good, cures: [good.cures[0], good.cures[0]] }, /Two cures have the same name.*Adam/s],
    ['a reserved name', { ...good, cures: [{ ...good.cures[0], name: untreated }] }, /Cure 1.*other than "untreated"/s],
    ['an empty change', change({}), /Cure 1 \(x\) changes nothing.*shortcuts/s],
    ['an unknown change', change({ shortcut: true }), /no option shortcut.*did you mean "shortcuts"/s],
    ['an activation', change({ hidden: { activation: 'rellu' } }), /hidden.activation.*did you mean "relu"/s],
    ['an initializer', change({ hidden: { kernelInitializer: 'heNormall' } }), /did you mean "heNormal"/],
    ['an optimizer', change({ optimizer: 'adm' }), /did you mean "adam"/],
    ['a normalization', change({ normalization: { type: 'weightNormalization' } }), /batchNormalization/],
    ['an optimizer of a network', { ...good, networks: [{ ...good.networks[0], optimizer: 'sdg' }] }, /"sgd"/],
  ])('%s', (_, list, words) => {
    expect(() => parseCures(list)).toThrow(ConfigurationError);
    expect(() => parseCures(list)).toThrow(words);
  });
});

const step = (step: number, epoch: number, loss: number, transport: number): StepRecord => ({
  ...{ step, epoch, loss, samples: 8, skipped: false, gradientNorms: {} },
  health: { layers: {}, transport } as HealthRecord,
});
const verdict = (layer: string, verdict: VerdictName, step: number) => ({
  ...{ layer, verdict, step, epoch: 1, sentence: '', remedy: '' },
});

describe('the figures of a run', () => {
  const steps = Array.from({ length: 60 }, (_, i) =>
    step(i + 1, i < 30 ? 1 : 2, i < 30 ? 2.3 : 1.3, i < 30 ? 1e-3 * (i + 1) : 0.5),
  );
  const epochs = [1, 2].map((epoch) => ({
    ...{ epoch, loss: 2 / epoch, validationLoss: 1.5, validationAccuracy: 0.25, seconds: 0.3 * epoch },
    ...{ imagesPerSecond: 1, gradientNorms: {} },
  }));
  const verdicts = [
    verdict('dense', 'vanishing', 11),
    verdict('dense_1', 'weakening', 11),
    verdict('dense_1', 'saturated', 21),
    verdict('dense', 'healthy', 31),
    verdict('dense_1', 'healthy', 41),
  ];

  test('of one that ended', () => {
    // The mean of 20 steps is below 0.95 x 2.3026 with three steps at 1.3: (17 x 2.3 + 3 x 1.3) / 20 = 2.15.
    expect(figuresOf({ steps, epochs, verdicts }, Math.log(10))).toEqual({
      ...{ steps: 60, early: 0.0155, late: 0.5, bad: 0.5, leftChance: 33, loss: 1, stepMs: 20 },
      verdicts: { vanishing: 0.333333, weakening: 0.166667, saturated: 0.333333 },
      ...{ validationLoss: 1.5, validationAccuracy: 0.25 },
    });
  });

  test('of one that broke off: the validation of its last weights', () => {
    const broken = { steps: steps.slice(0, 5), epochs: [], verdicts: [] };
    expect(figuresOf(broken, Math.log(10), { loss: Number.POSITIVE_INFINITY, accuracy: 0.1 })).toEqual({
      ...{ steps: 5, early: 0.003, late: 0.003, bad: 0, verdicts: {}, leftChance: null, loss: null, stepMs: null },
      ...{ validationLoss: null, validationAccuracy: 0.1, broke: 5 },
    });
  });
});

describe('cures compared', () => {
  const network: TestedNetwork = { name: 'n', epochs: 4, epochSteps: 10 };
  const run = (cure: string, seed: number, accuracy: number, leftChance: number | null = null): CureRun => ({
    ...{ network: 'n', cure, seed, steps: 40, early: 0.01, late: 0.1 * seed, bad: 1, verdicts: {}, leftChance },
    ...{ loss: 2, validationLoss: 2, validationAccuracy: accuracy, stepMs: cure === untreated ? 10 : 20 },
  });
  const seeds = [1, 2, 3, 4];
  const runs = [
    ...seeds.map((seed) => run(untreated, seed, 0.1 + 0.01 * seed)),
    // In another order, and without the last seed.
    ...[3, 1, 2].map((seed) => run('good', seed, 0.8 + 0.02 * seed, 10 + seed)),
    ...seeds.map((seed) => run('label smoothing', seed, 0.1 + 0.01 * seed + (seed % 2 ? 0.001 : -0.001))),
    { ...run('good', 1, 0.5), network: 'another' },
  ];
  const [plain, good, smooth] = compareCures(network, runs, ['label smoothing']);
  const row = (of: typeof good, figure: string) => of!.rows.find((each) => each.figure === figure);

  test('in pairs of the same seed, a run that never leaves chance level counting as all its epochs', () => {
    expect(plain).toMatchObject({ cure: untreated, seeds: 4, leftChance: 0 });
    expect(good).toMatchObject({ cure: 'good', seeds: 3, leftChance: 3, broke: 0 });
    const accuracy = row(good, 'validationAccuracy')!;
    // Differences 0.71, 0.72, 0.73: t = 0.72 / (0.01 / sqrt(3)).
    expect(accuracy.test.difference.mean).toBeCloseTo(0.72, 12);
    expect(accuracy.test.t).toBeCloseTo(72 * Math.sqrt(3), 6);
    expect(row(good, 'leftChance')).toMatchObject({ without: { mean: 4 }, with: { mean: expect.closeTo(1.2, 12) } });
    expect(row(good, 'stepMs')!.test.difference.mean).toBeCloseTo(2, 12);
  });

  test('tests are corrected for all cures and figures; times are not tested', () => {
    const accuracy = row(good, 'validationAccuracy')!;
    // Two more tests have a nonzero variance: leaving the chance level, and the accuracy with label smoothing.
    expect(accuracy.adjusted).toBeCloseTo(3 * accuracy.test.p, 12);
    expect(accuracy.differs).toBe(true);
    expect(row(smooth, 'validationAccuracy')).toMatchObject({ differs: false, adjusted: 1 });
    expect(row(good, 'stepMs')!.adjusted).toBeNaN();
    expect(row(smooth, 'validationLoss')).toBeUndefined();
  });
});
