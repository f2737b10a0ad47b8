import { expect, test, vi } from 'vitest';
import {
  createPace,
  createTrainer,
  DeviceLostError,
  type History,
  openGpu,
  type TrainerOptions,
} from '../../src/index.ts';
import { exactRescale, smallDataset, smallModel } from './small.ts';

const dataset = smallDataset(42);
const options: TrainerOptions = {
  model: smallModel,
  optimizer: { type: 'adam', learningRate: 0.01 },
  batchSize: 8,
  seed: 5,
  augmentation: { rescale: exactRescale, rotationRange: 20 },
  health: 'full',
  probeEvery: 4,
};
/** The minimal setup for a device loss, because each device compiles again. */
const plain: TrainerOptions = {
  model: {
    inputShape: [6, 6, 1],
    layers: [{ type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }],
  },
  batchSize: 8,
  seed: 5,
  health: 'off',
};
const fitting = { epochs: 4, validationData: dataset };
/** Without times, and without the noise scale, a mean over probes that starts over with each device. */
const timeless = ({ epochs, probes, ...history }: History) => ({
  ...history,
  epochs: epochs.map(({ seconds, imagesPerSecond, ...record }) => record),
  probes: JSON.stringify(probes, (name, value) => (name === 'noiseScale' ? undefined : value)),
});

/** The result of an uninterrupted run. */
async function undisturbed() {
  const gpu = await openGpu();
  const trainer = createTrainer(gpu, options);
  const history = await trainer.fit(dataset, fitting);
  const end = await trainer.snapshot();
  gpu.dispose();
  return { history, end };
}
const whole = undisturbed();

test.each([
  ['epochs', { epochs: 1 }],
  ['steps', { steps: 4 }],
] as const)(
  'a device that is lost thrice, with a state every so many %s: the same bits, and all is told once',
  async (_, every) => {
    const { history, end } = await whole;
    const gpu = await openGpu();
    const trainer = createTrainer(gpu, options);
    const told = { steps: [] as number[], epochs: [] as number[], probes: [] as number[], states: [] as number[] };
    const again = await trainer.fit(dataset, {
      ...fitting,
      onDeviceLost: 'reopen',
      checkpointEvery: every,
      onStep: ({ step }) => {
        told.steps.push(step);
        if ([2, 9, 17].includes(step)) trainer.gpu.device.destroy();
      },
      onEpoch: ({ epoch }) => told.epochs.push(epoch),
      onProbe: ({ step }) => told.probes.push(step),
      onCheckpoint: ({ progress }) => {
        told.states.push(progress.step);
      },
    });
    expect(trainer.gpu).not.toBe(gpu);
    expect(timeless(again)).toEqual(timeless(history));
    expect(await trainer.snapshot()).toEqual(end);
    expect(told.steps).toEqual(history.steps.map(({ step }) => step));
    expect(told.epochs).toEqual([1, 2, 3, 4]);
    expect(told.probes).toEqual(history.probes.map(({ step }) => step));
    expect(told.states).toEqual('steps' in every ? [4, 8, 12, 16, 20, 24] : [6, 12, 18, 24]);
    // Later calls use the new device.
    expect(await trainer.predict(dataset)).toHaveLength(42 * 3);
    trainer.gpu.dispose();
    trainer.dispose();
  },
);

test('it is lost after the last epoch: the run ends there, with the best weights', async () => {
  // The loss decreases, which is no improvement with the mode `max`: the first epoch stays the best.
  const earlyStopping = { monitor: 'validationLoss', mode: 'max', patience: 9, restoreBestWeights: true } as const;
  const run = async (onCheckpoint: (step: number, trainer: ReturnType<typeof createTrainer>) => void, often = true) => {
    const trainer = createTrainer(await openGpu(), plain);
    const history = await trainer.fit(dataset, {
      ...{ ...fitting, earlyStopping, onDeviceLost: 'reopen' },
      ...(often && { onCheckpoint: ({ progress }) => onCheckpoint(progress.step, trainer) }),
    });
    const end = await trainer.snapshot();
    trainer.gpu.dispose();
    return { history: timeless(history), end };
  };
  const undisturbed = await run(() => {});
  expect(undisturbed.history.stopped).toBe(false);
  expect(undisturbed.end.callbacks!.earlyStopping!.bestEpoch).toBe(1);
  let losses = 0;
  const lost = await run((step, trainer) => {
    if (step !== 24 || losses++ > 0) return;
    trainer.gpu.device.destroy();
  });
  expect(losses).toBe(1);
  expect(lost).toEqual(undisturbed);
});

test('it is lost while the run is paused: the run waits on another device', async () => {
  const { end } = await whole;
  const trainer = createTrainer(await openGpu(), options);
  const pace = createPace({ paused: true });
  pace.step(8);
  let pauses = 0;
  await trainer.fit(dataset, {
    ...fitting,
    pace,
    onDeviceLost: 'reopen',
    onPause: () => {
      if (++pauses === 1) trainer.gpu.device.destroy();
      else pace.resume();
    },
  });
  expect(pauses).toBe(2);
  expect(await trainer.snapshot()).toEqual(end);
  trainer.gpu.dispose();
});

test('three losses in a row without a new step end it; so do dispose, and the default', async () => {
  const lossy = createTrainer(await openGpu(), plain);
  const opened = vi.spyOn(GPUAdapter.prototype, 'requestDevice');
  const timer = setInterval(() => lossy.gpu.device.destroy(), 1);
  try {
    await expect(lossy.fit(dataset, { epochs: 1000, onDeviceLost: 'reopen' })).rejects.toThrow(DeviceLostError);
  } finally {
    clearInterval(timer);
  }
  expect(opened.mock.calls.length).toBeLessThan(20);
  await expect(lossy.predict(dataset)).rejects.toThrow(DeviceLostError);

  opened.mockClear();
  for (const [onDeviceLost, end] of [
    ['reopen', 'dispose'],
    ['throw', 'destroy'],
  ] as const) {
    const gpu = await openGpu();
    const trainer = createTrainer(gpu, plain);
    const fit = trainer.fit(dataset, {
      epochs: 1000,
      onDeviceLost,
      onStep: ({ step }) => {
        if (step === 2) end === 'dispose' ? gpu.dispose() : gpu.device.destroy();
      },
    });
    await expect(fit).rejects.toThrow(DeviceLostError);
    expect(trainer.gpu).toBe(gpu);
  }
  expect(opened).toHaveBeenCalledTimes(2);
  opened.mockRestore();
});
