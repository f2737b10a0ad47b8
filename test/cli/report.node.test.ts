import { describe, expect, test } from 'vitest';
import { adapterLine, mirroringLines } from '../../src/cli/training_report.ts';
import { clock, figure } from '../../src/figures.ts';
import { TrainingLog } from '../../src/health/training_log.ts';
import { augmentationPresets } from '../../src/train/augmentation_presets.ts';
import { planRun } from '../../src/train/run_length.ts';

const datasets = (train: number, test: number) => ({ train: { count: train }, test: { count: test } });

describe('how much is trained', () => {
  const mnist = datasets(60_000, 10_000);

  test('all of it on a GPU', () => {
    expect(planRun({}, mnist, false)).toEqual({ epochs: 10, trainSamples: 60_000, testSamples: 10_000, cut: false });
  });

  test('a part on a software adapter', () => {
    const plan = planRun({}, mnist, true);
    expect(plan.cut).toBe(true);
    expect(plan.trainSamples).toBeLessThan(60_000);
  });

  test('what the user says, wherever it runs', () => {
    expect(planRun({ epochs: 3 }, mnist, true)).toMatchObject({ epochs: 3, trainSamples: 60_000, cut: false });
    expect(planRun({ trainSamples: 500 }, mnist, true)).toMatchObject({ epochs: 10, trainSamples: 500 });
    expect(planRun({ testSamples: 9000 }, mnist, true)).toMatchObject({ testSamples: 9000, cut: true });
  });

  test('a small data set is not cut', () => {
    expect(planRun({}, datasets(1500, 297), true).cut).toBe(false);
  });
});

describe('what was learned so far', () => {
  const step = (step: number, loss: number, samples: number, skipped = false) => ({
    step: { step, epoch: 1, loss, accuracy: 0.5, samples, skipped, gradientNorms: { dense: step } },
    epochSteps: 3,
    at: 1000 * step,
  });

  test('means weigh steps by their samples and leave out a skipped one', () => {
    const log = new TrainingLog();
    for (const item of [step(1, 1, 32), step(2, Number.NaN, 32, true), step(3, 4, 16)]) log.add(item);
    expect(log.unfinished).toMatchObject({ epoch: 1, steps: 3, loss: 2, accuracy: 0.5 });
    expect(log.unfinished?.imagesPerSecond).toBe(8);
    expect(log.normsOf('dense')).toEqual({ mean: 2, min: 1, max: 3 });
  });

  test('a finished epoch is not unfinished', () => {
    const log = new TrainingLog();
    log.add(step(1, 1, 32));
    log.add({ epoch: { epoch: 1, loss: 1, accuracy: 1, seconds: 1, imagesPerSecond: 32, gradientNorms: {} } });
    expect(log.unfinished).toBeUndefined();
  });
});

test('a software adapter is never passed off as a GPU', () => {
  const swiftShader = { vendor: 'google', architecture: 'swiftshader', device: '', description: '', software: true };
  expect(adapterLine(swiftShader)).toContain('software adapter SwiftShader');
  const gpu = { vendor: 'nvidia', architecture: 'hopper', device: '', description: 'NVIDIA H200', software: false };
  expect(adapterLine(gpu)).toBe('adapter  NVIDIA H200 (nvidia hopper)');
});

test('figures keep four digits that count', () => {
  expect([0.012345, 12.3456, 0, 1.23456e-7, 12345678].map(figure)).toEqual([
    '0.01235',
    '12.35',
    '0',
    '1.235e-7',
    '1.235e+7',
  ]);
  expect([7, 750, 3723, Number.POSITIVE_INFINITY].map(clock)).toEqual(['0:07', '12:30', '1:02:03', '?']);
});

test('mirrored digits or letters cost accuracy, which a line says; a mirrored photograph is one', () => {
  const { tutorial, handwriting } = augmentationPresets;
  const flag = '--augment handwriting';
  expect(mirroringLines(tutorial, ['0', '1'], flag)).toEqual([
    expect.stringMatching(/cost accuracy.*--augment handwriting/),
  ]);
  expect(mirroringLines([{ type: 'randomVerticalFlip' }], ['A', 'B'], flag)).toHaveLength(1);
  expect(mirroringLines(tutorial, ['cat', 'dog'], flag)).toEqual([]);
  expect(mirroringLines(handwriting, ['0', '1'], flag)).toEqual([]);
});
