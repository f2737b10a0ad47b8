import { describe, expect, test } from 'vitest';
import { lengthWarnings } from '../../src/cli/length_lines.ts';
import { adapterLine, dataLine, lengthLines, mirroringLines, timeLine } from '../../src/cli/training_report.ts';
import { createDataset } from '../../src/data/index.ts';
import { clock, counted, duration, figure } from '../../src/figures.ts';
import { TrainingLog } from '../../src/health/training_log.ts';
import { conv2d, flatten, modelSummary, presetModel, sequential } from '../../src/index.ts';
import { augmentationPresets } from '../../src/train/augmentation_presets.ts';
import { stepsBeforeUpgrade } from '../../src/train/kernel_upgrades.ts';
import { planRun } from '../../src/train/run_length.ts';
import { aboutSeconds, estimatedStepMs, timedAfterSteps } from '../../src/train/run_time.ts';

const datasets = (train: number, test: number) => ({ train: { count: train }, test: { count: test } });

describe('the length of training', () => {
  const mnist = datasets(60_000, 10_000);

  test('everything on a GPU', () => {
    expect(planRun({}, mnist, false)).toEqual({ epochs: 10, trainSamples: 60_000, testSamples: 10_000, cut: false });
  });

  test('a part on a software adapter', () => {
    const plan = planRun({}, mnist, true);
    expect(plan.cut).toBe(true);
    expect(plan.trainSamples).toBeLessThan(60_000);
  });

  test("the user's options take precedence on every adapter", () => {
    expect(planRun({ epochs: 3 }, mnist, true)).toMatchObject({ epochs: 3, trainSamples: 60_000, cut: false });
    expect(planRun({ trainSamples: 500 }, mnist, true)).toMatchObject({ epochs: 10, trainSamples: 500 });
    expect(planRun({ testSamples: 9000 }, mnist, true)).toMatchObject({ testSamples: 9000, cut: true });
  });

  test('is estimated when the kernels of long runs are in use', () => {
    expect(timedAfterSteps).toBeGreaterThan(stepsBeforeUpgrade);
  });

  test('a small data set is not shortened', () => {
    expect(planRun({}, datasets(1500, 297), true)).toEqual({
      epochs: 10,
      trainSamples: 1500,
      testSamples: 297,
      cut: false,
    });
  });

  test('a tiny data set is repeated for up to 300 steps, as far as the time on a software adapter allows', () => {
    expect(planRun({ batchSize: 32 }, datasets(24, 6), true)).toMatchObject({ epochs: 300, lengthened: true });
    expect(planRun({ batchSize: 8 }, datasets(24, 6), true)).toMatchObject({ epochs: 100, lengthened: true });
    expect(planRun({ batchSize: 32 }, datasets(24, 6), true, [28, 28, 1])).toMatchObject({ epochs: 300 });
    const large = planRun({ batchSize: 32 }, datasets(24, 6), true, [96, 96, 3]);
    expect(large.epochs).toBeGreaterThan(10);
    expect(large.epochs).toBeLessThan(100);
    expect(planRun({ batchSize: 32 }, datasets(24, 6), false, [96, 96, 3])).toMatchObject({ epochs: 300 });
    // An explicit length or amount overrides the limit.
    for (const asked of [{ epochs: 2 }, { trainSamples: 20 }]) {
      expect(planRun({ ...asked, batchSize: 32 }, datasets(24, 6), true)).not.toHaveProperty('lengthened');
    }
  });

  test('no more images are used than exist', () => {
    expect(planRun({ trainSamples: 70_000, testSamples: 20_000 }, mnist, false)).toMatchObject({
      trainSamples: 60_000,
      testSamples: 10_000,
    });
  });

  test('the command reports the chosen length and its estimated time', () => {
    const layers = modelSummary(presetModel('tutorial', [28, 28, 1], 10));
    expect(lengthLines(planRun({}, mnist, true), layers, 32)).toEqual([
      expect.stringMatching(
        /^cut +to 2 epochs of 10,000 .*about \d+ seconds of a software adapter by a rough estimate/,
      ),
    ]);
    // A network with ten times the arithmetic takes longer.
    const [small, wide] = [8, 80].map((filters) => {
      const model = sequential({ inputShape: [28, 28, 1], layers: [conv2d({ filters, kernelSize: 3 }), flatten()] });
      return estimatedStepMs(modelSummary(model), 32);
    });
    expect(wide! / small!).toBeGreaterThan(1.5);
    const [note, length] = lengthLines(planRun({ batchSize: 32 }, datasets(24, 1), true), layers, 32);
    expect(note).toMatch(/^note +only 1 validation image: each is 100 %/);
    expect(length).toMatch(/^length +300 epochs, because 24 training images make 1 step an epoch: 300 steps in all/);
    // 2 * (313 steps + 62.5 forward-only batches) * 100 ms.
    expect(timeLine(planRun({}, mnist, true), 32, 100)).toMatch(/^time +about 65 seconds for this run/);
    expect([3, 42, 100, 5_000, 9_000].map(aboutSeconds)).toEqual([
      'a few seconds',
      'about 40 seconds',
      'about 2 minutes',
      'about 83 minutes',
      'about 2.5 hours',
    ]);
  });
});

describe('the progress so far', () => {
  const step = (step: number, loss: number, samples: number, skipped = false) => ({
    step: { step, epoch: 1, loss, accuracy: 0.5, samples, skipped, gradientNorms: { dense: step } },
    epochSteps: 3,
    at: 1000 * step,
  });

  test('means are weighted by the number of samples and exclude skipped steps', () => {
    const log = new TrainingLog();
    for (const item of [step(1, 1, 32), step(2, Number.NaN, 32, true), step(3, 4, 16)]) log.add(item);
    expect(log.unfinished).toMatchObject({ epoch: 1, steps: 3, loss: 2, accuracy: 0.5 });
    expect(log.unfinished?.imagesPerSecond).toBe(8);
    expect(log.normsOf('dense')).toEqual({ mean: 2, min: 1, max: 3 });
  });

  test('the time of a step is measured for any batch size, without pauses and without steps from a file', () => {
    const log = new TrainingLog();
    log.add({ ...step(1, 1, 8), at: 0 });
    log.add({ ...step(2, 1, 8), at: 5000 });
    expect(log.stepMs).toBeUndefined();
    log.add({ ...step(3, 1, 8), at: 5300 });
    expect(log.stepMs).toBe(300);
    log.resume();
    expect(log.stepMs).toBeUndefined();
    log.add({ ...step(4, 1, 8), at: 90_000 });
    log.add({ ...step(5, 1, 8), at: 90_250 });
    expect(log.stepMs).toBe(250);
    const epoch = { epoch: 1, loss: 1, accuracy: 1, imagesPerSecond: 32, gradientNorms: {} };
    log.add({ epoch: { ...epoch, seconds: 1 } }); // For the four that were timed.
    expect(log.stepMs).toBe(250);
    log.add(step(6, 1, 8));
    log.add({ epoch: { ...epoch, epoch: 2, seconds: 3.1 } });
    expect(log.stepMs).toBe(3100);
    expect([log.stepMs!, 12.34].map(duration)).toEqual(['3.1 s', '12.3 ms']);
  });

  test('a finished epoch is not reported as unfinished', () => {
    const log = new TrainingLog();
    log.add(step(1, 1, 32));
    log.add({ epoch: { epoch: 1, loss: 1, accuracy: 1, seconds: 1, imagesPerSecond: 32, gradientNorms: {} } });
    expect(log.unfinished).toBeUndefined();
  });
});

test('a software adapter is never presented as a GPU', () => {
  const swiftShader = { vendor: 'google', architecture: 'swiftshader', device: '', description: '', software: true };
  expect(adapterLine(swiftShader)).toContain('software adapter SwiftShader');
  const gpu = { vendor: 'nvidia', architecture: 'hopper', device: '', description: 'NVIDIA H200', software: false };
  expect(adapterLine(gpu)).toBe('adapter  NVIDIA H200 (nvidia hopper)');
});

test('one is not a plural', () => {
  expect([counted(1, 'file'), counted(0, 'file'), counted(2000, 'file')]).toEqual(['1 file', '0 files', '2,000 files']);
  expect([counted(1, 'class', 'classes'), counted(2, 'class', 'classes')]).toEqual(['1 class', '2 classes']);
  expect(dataLine('own', { train: 3, test: 1, imageShape: [4, 4, 1], classNames: ['a'] })).toContain(
    '1 test image of 4 x 4 x 1, 1 class',
  );
});

test('figures have four significant digits', () => {
  expect([0.012345, 12.3456, 0, 1.23456e-7, 12345678].map(figure)).toEqual([
    '0.01235',
    '12.35',
    '0',
    '1.235e-7',
    '1.235e+7',
  ]);
  expect([7, 750, 3723, Number.POSITIVE_INFINITY].map(clock)).toEqual(['0:07', '12:30', '1:02:03', '?']);
});

test('a note says that mirrored digits or letters lower the accuracy; mirrored photographs are fine', () => {
  const { tutorial, handwriting } = augmentationPresets;
  const flag = '--augment handwriting';
  expect(mirroringLines(tutorial, ['0', '1'], flag)).toEqual([
    expect.stringMatching(/cost accuracy.*--augment handwriting/),
  ]);
  expect(mirroringLines([{ type: 'randomVerticalFlip' }], ['A', 'B'], flag)).toHaveLength(1);
  expect(mirroringLines(tutorial, ['cat', 'dog'], flag)).toEqual([]);
  expect(mirroringLines(handwriting, ['0', '1'], flag)).toEqual([]);
});

describe('the length of a run', () => {
  const model = {
    inputShape: [1, 1, 1] as [number, number, number],
    layers: [{ type: 'flatten' as const }, { type: 'dense' as const, units: 2, activation: 'softmax' as const }],
  };
  const images = createDataset({ images: new Uint8Array(100), labels: new Uint8Array(100), imageShape: [1, 1, 1] });
  const plan = { epochs: 2, trainSamples: 90 };

  test('a schedule that is longer or shorter than the planned steps is a warning', () => {
    const learningRate = { type: 'cosineDecay', initialLearningRate: 0.1, decaySteps: 30 } as const;
    const options = { model, batchSize: 10, optimizer: { type: 'sgd', learningRate } } as const;
    expect(lengthWarnings(options, images, plan)).toEqual([
      expect.stringMatching(/^warning {2}the run ends after 18 steps, and the schedule cosineDecay is made for 30/),
    ]);
    expect(lengthWarnings({ ...options, mix: 'merge' }, images, plan, {}, 'A: ')).toEqual([
      expect.stringMatching(/^warning {2}A: the schedule cosineDecay ends after 30 steps, and the run has 36/),
    ]);
    expect(
      lengthWarnings({ ...options, mix: 'merge' }, images, { epochs: 5, trainSamples: 100 }, { validationSplit: 0.7 }),
    ).toEqual([]);
  });

  test('leftover batches are reported, with the size of the last step', () => {
    const options = { model, batchSize: 8, accumulationSteps: 5 };
    expect(lengthWarnings(options, images, plan)).toEqual([
      'note     the last step of each epoch has 2 batches in place of 5: the 10 samples that remain',
    ]);
    expect(lengthWarnings({ ...options, accumulationSteps: 4 }, images, plan)).toEqual([]);
  });
});
