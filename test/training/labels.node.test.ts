import { describe, expect, test } from 'vitest';
import { findingTable } from '../../src/cli/inspection_report.ts';
import {
  cleanDatasets,
  createDataset,
  createDatasets,
  holdOut,
  inspectDatasets,
  takeFirst,
} from '../../src/data/index.ts';
import { ConfigurationError, DataError } from '../../src/errors.ts';
import { compileForLoss, fillLoss, type LossConfig } from '../../src/model/loss.ts';
import { pickSamples, sliceDataset } from '../../src/plan/samples.ts';
import { checkLabels, targetsOf } from '../../src/plan/targets.ts';
import { weightsOf } from '../../src/train/class_weights.ts';

const imageShape = [1, 1, 1] as const;
const images = Uint8Array.of(1, 2, 3, 4);
const labeled = createDataset({ images, labels: [0, 1, 2, 1], imageShape, classNames: ['a', 'b', 'c'] });
const targeted = (...targets: number[]) => createDataset({ images, imageShape, targets: Float32Array.from(targets) });
const partsOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    expect(error).toSatisfy((it) => it instanceof ConfigurationError || it instanceof DataError);
    return (error as ConfigurationError).parts;
  }
  throw new Error('it refused nothing');
};

describe('the last layer and the loss', () => {
  const ending = (activation?: string) => ({
    inputShape: imageShape,
    layers: [{ type: 'flatten' }, { type: 'dense', units: 3, ...(activation && { activation }) }],
  });
  test.each<[LossConfig, string | undefined, string]>([
    ['sparseCategoricalCrossentropy', 'sigmoid', 'use the loss binaryCrossentropy'],
    ['categoricalFocalCrossentropy', undefined, 'use the loss meanSquaredError'],
    ['binaryCrossentropy', 'softmax', 'use the loss sparseCategoricalCrossentropy'],
    ['binaryCrossentropy', 'relu', 'use the loss meanSquaredError'],
    ['huber', 'softmax', 'use the loss sparseCategoricalCrossentropy'],
  ])('%s refuses %s', (loss, activation, fix) => {
    const parts = partsOf(() => compileForLoss(ending(activation) as never, fillLoss(loss)));
    expect(parts).toMatchObject({
      what: expect.stringContaining(`${loss} needs a model that ends in`),
      found: `dense with ${activation ?? 'linear'} as the last layer`,
      fix: expect.stringContaining(fix),
    });
  });

  test('only binaryCrossentropy takes the sigmoid of the last layer away', () => {
    const compiled = (loss: LossConfig) => compileForLoss(ending('sigmoid') as never, fillLoss(loss)).model;
    expect(compiled('binaryCrossentropy')).toMatchObject({ lossActivation: 'sigmoid' });
    expect(compiled('binaryCrossentropy').layers[1]!.activation).toBe('linear');
    expect(compiled('meanSquaredError')).toMatchObject({ lossActivation: 'linear' });
    expect(compiled('meanSquaredError').layers[1]!.activation).toBe('sigmoid');
  });

  test.each<[unknown, object]>([
    ['hubert', { what: 'Unknown loss', found: 'hubert', fix: 'did you mean "huber"?' }],
    [
      { type: 'huber', delta: 0 },
      { what: 'huber: delta is invalid', found: 0 },
    ],
    [{ type: 'huber', labelSmoothing: 0.1 }, { what: 'huber has no option labelSmoothing' }],
    [{ type: 'binaryCrossentropy', labelSmoothing: 2 }, { expected: 'a number from 0 to 1' }],
    [null, { what: 'Unknown loss' }],
  ])('%j is no loss', (config, parts) => {
    expect(partsOf(() => fillLoss(config as never))).toMatchObject(parts);
  });
});

describe('labels and the loss', () => {
  const check = (loss: LossConfig, outputs: number, dataset: Parameters<typeof checkLabels>[1]) =>
    checkLabels({ loss: fillLoss(loss), outputs }, dataset);
  test.each<[string, () => void, object]>([
    [
      'targets of numbers for classes',
      () => check('sparseCategoricalCrossentropy', 2, targeted(0.5, 3, 1, 2, 0, 0, 7, 1)),
      { found: 'targets of 2 numbers each, and no classes', fix: 'use the loss meanSquaredError, or other labels' },
    ],
    [
      'labels that do not exclude each other for classes',
      () => check('sparseCategoricalCrossentropy', 2, targeted(1, 1, 0, 0, 1, 0, 0, 1)),
      { fix: 'use the loss binaryCrossentropy, or other labels' },
    ],
    [
      'shares that do not add up',
      () => check('categoricalCrossentropy', 2, targeted(1, 0, 0.5, 0.25, 0, 1, 1, 0)),
      { what: 'The soft labels of image 1 are invalid', fix: 'use the loss meanSquaredError' },
    ],
    [
      'targets beyond 1',
      () => check('binaryCrossentropy', 1, targeted(0, 1, 2, 0)),
      { what: 'The targets of image 2 do not fit binaryCrossentropy', fix: 'use the loss meanSquaredError' },
    ],
    [
      'targets of another number',
      () => check('huber', 3, targeted(1, 2, 3, 4)),
      { found: '1 number for each image', expected: '3, the units of the last layer' },
    ],
    [
      'three classes for one sigmoid',
      () => check('binaryCrossentropy', 1, labeled),
      {
        found: 'labels of 3 classes, for 1 output',
        fix: 'use the loss sparseCategoricalCrossentropy, or other labels',
      },
    ],
    [
      'three classes for two numbers',
      () => check('meanSquaredError', 2, labeled),
      { found: 'labels of 3 classes, for 2 outputs' },
    ],
    ['a class too many', () => check('sparseCategoricalCrossentropy', 2, labeled), { found: 'label 2 at image 2' }],
  ])('%s', (_, work, parts) => {
    expect(partsOf(work)).toMatchObject(parts);
  });

  test('classes are numbers, or a 1 among zeros, to a loss of numbers', () => {
    const of = (outputs: number) => [...targetsOf({ loss: fillLoss('meanSquaredError'), outputs }, labeled)!];
    expect(of(1)).toEqual([0, 1, 2, 1]);
    expect(of(3)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0]);
    expect(targetsOf({ loss: fillLoss('sparseCategoricalCrossentropy'), outputs: 3 }, labeled)).toBeUndefined();
  });
});

describe('a data set of targets', () => {
  const dataset = createDataset({
    images,
    imageShape,
    targets: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    targetNames: ['x', 'y'],
  });

  test('keeps its rows when it is cut', () => {
    expect(dataset).toMatchObject({ classNames: [], targetNames: ['x', 'y'], count: 4 });
    expect([...takeFirst(dataset, 1).targets!]).toEqual([1, 2]);
    expect([...sliceDataset(dataset, 1, 2).targets!]).toEqual([3, 4, 5, 6]);
    expect(pickSamples(dataset, [3, 0])).toMatchObject({
      images: Uint8Array.of(4, 1),
      targets: Float32Array.of(7, 8, 1, 2),
    });
    const { train, test } = createDatasets({ train: dataset, test: { ...dataset, targetNames: undefined } });
    expect([train.targetNames, test.targetNames]).toEqual([
      ['x', 'y'],
      ['x', 'y'],
    ]);
    const held = holdOut({ ...labeled, labels: [0, 0, 1, 1], targets: dataset.targets! }, 0.5);
    expect([...held.test.targets!]).toEqual([3, 4, 7, 8]);
  });

  test.each<[string, object, object]>([
    [
      'too few numbers',
      { targets: new Float32Array(7) },
      { what: 'The number of targets is not the same for each image' },
    ],
    [
      'numbers in an array',
      { targets: [1, 2, 3, 4] },
      { what: 'The number of targets is not the same for each image' },
    ],
    ['a NaN', { targets: Float32Array.of(1, 2, Number.NaN, 4) }, { what: 'The target of image 2 is not finite' }],
    ['names of classes', { classNames: ['a'] }, { what: 'A data set that has only targets has no classes' }],
    [
      'names of another number',
      { targetNames: ['x', 'y', 'z'] },
      { what: 'The number of targets is not the same for each image' },
    ],
  ])('is refused with %s', (_, change, parts) => {
    const source = { images, imageShape, targets: new Float32Array(8), ...change };
    expect(partsOf(() => createDataset(source as never))).toMatchObject(parts);
  });

  test('is inspected and cleaned by its numbers: a row of others is another label', () => {
    const shape: [number, number, number] = [1, 1, 2];
    const of = (bytes: number[], targets: number[]) =>
      createDataset({ images: Uint8Array.from(bytes), imageShape: shape, targets: Float32Array.from(targets) });
    // Images 0 and 1 are identical with the same targets, image 2 is identical with different ones; the test image is image 3.
    const train = of([1, 2, 1, 2, 1, 2, 3, 4], [0.5, 1, 0.5, 1, 0.5, 2, 7, 7]);
    const pair = { train, test: of([3, 4, 8, 9], [7, 7, 0, 0]) };
    const inspection = inspectDatasets(pair);
    expect(inspection).toMatchObject({ classNames: [], train: { count: 4, classCounts: [], emptyClasses: [] } });
    expect(inspection.train.found).toMatchObject({ labels: [], conflicts: [0, 1, 2], duplicates: [1] });
    expect(inspection.test.found).toMatchObject({ leaks: [0], duplicates: [] });
    expect(findingTable(inspection, pair)).toMatch(/conflicts .* train 0 \(0.5, 1\) = train 2 \(0.5, 2\)/);
    expect(findingTable(inspection, pair)).not.toContain('a class has no image');
    const cleaned = cleanDatasets(pair, { duplicates: true, leaks: true });
    expect([...cleaned.train.targets!]).toEqual([0.5, 1, 0.5, 2, 7, 7]);
    expect([...cleaned.test.targets!]).toEqual([0, 0]);
  });
});

describe('weights', () => {
  test.each<[string, object, object]>([
    ['too few', { sampleWeight: new Float32Array(3) }, { found: '3 weights', expected: '4, one for each image' }],
    [
      'negative',
      { sampleWeight: Float32Array.of(1, -1, 1, 1) },
      { what: 'The sample weight of image 1 is invalid', found: -1 },
    ],
    [
      'not finite',
      { sampleWeight: Float32Array.of(1, 1, Infinity, 1) },
      { what: 'The sample weight of image 2 is invalid' },
    ],
    ['of a class missing', { classWeight: { 0: 1, 1: 2 } }, { what: 'classWeight has no weight for class 2' }],
    [
      'of a class negative',
      { classWeight: { 0: 1, 1: -2, 2: 1 } },
      { what: 'The weight of class 1 is invalid', found: -2 },
    ],
    ['of no class', { classWeight: { 0: 1, 1: 1, 2: 1, 3: 1 } }, { found: 'class 3', expected: '0 to 2' }],
    ['by name', { classWeight: { a: 1 } }, { what: 'classWeight has a key that is not a class index', found: 'a' }],
    ['balancd', { classWeight: 'balancd' }, { what: 'Invalid classWeight', fix: 'did you mean "balanced"?' }],
  ])('%s', (_, options, parts) => {
    expect(partsOf(() => weightsOf(labeled, options as never))).toMatchObject(parts);
  });

  test('of classes go by labels, by the single 1 of targets, or by 0 and 1', () => {
    const sampleWeight = Float32Array.of(1, 2, 1, 1);
    expect([...weightsOf(labeled, { classWeight: { 0: 1, 1: 5, 2: 2 }, sampleWeight })!]).toEqual([1, 10, 2, 5]);
    expect([...weightsOf(labeled, { classWeight: 'balanced' })!]).toEqual(
      [4 / 3, 2 / 3, 4 / 3, 2 / 3].map(Math.fround),
    );
    expect([...weightsOf(targeted(0, 1, 1, 1), { classWeight: { 0: 3, 1: 1 } })!]).toEqual([3, 1, 1, 1]);
    expect([...weightsOf(targeted(0, 1, 1, 0, 1, 0, 1, 0), { classWeight: { 0: 3, 1: 1 } })!]).toEqual([1, 3, 3, 3]);
    expect(partsOf(() => weightsOf(targeted(0.5, 1, 2, 3), { classWeight: 'balanced' }))).toMatchObject({
      what: 'classWeight requires a class for each sample',
    });
  });
});
