import { expect, test } from 'vitest';
import {
  ConfigurationError,
  createTrainer,
  DeviceLostError,
  type Gpu,
  openGpu,
  type Trainer,
} from '../../src/index.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { batchOf, smallDataset, smallModel } from './small.ts';

const dataset = smallDataset(40);
const [images, labels] = batchOf(dataset, 0, 4);
const make = (on: Gpu) => createTrainer(on, { model: smallModel, batchSize: 4 });

const calls: [string, (trainer: Trainer) => Promise<unknown>][] = [
  ['fit', (trainer) => trainer.fit(dataset, { epochs: 1000, validationData: dataset })],
  ['trainOnBatch', (trainer) => trainer.trainOnBatch(images, labels)],
  ['gradients', (trainer) => trainer.gradients(images, labels)],
  ['predict', (trainer) => trainer.predict(images)],
  ['evaluate', (trainer) => trainer.evaluate(dataset)],
  ['getWeights', (trainer) => trainer.getWeights()],
  ['setWeights', async (trainer) => trainer.setWeights(await make(gpu).getWeights())],
  ['profile', (trainer) => trainer.profile(dataset)],
];

const reasonOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (reason) => reason,
  );

test.each(calls)('a trainer that is disposed of rejects %s, under way and later; the device stays', async (_, call) => {
  const trainer = make(gpu);
  await trainer.getWeights();
  const [underWay, waiting] = [reasonOf(call(trainer)), reasonOf(trainer.getWeights())];
  trainer.dispose();
  trainer.dispose();
  for (const reason of [await underWay, await waiting, await reasonOf(call(trainer))]) {
    expect(reason).toBeInstanceOf(ConfigurationError);
    expect(reason.message).toBe('The trainer has been disposed.\n  to do: create a new one');
  }
  const other = make(gpu);
  expect(await other.predict(images)).toHaveLength(4 * 3);
  other.dispose();
});

test('disposed of in the middle of a run, or before its pipelines are compiled', async () => {
  const trainer = make(gpu);
  const told: number[] = [];
  const onStep = ({ step }: { step: number }) => {
    told.push(step);
    if (step === 3) trainer.dispose();
  };
  await expect(trainer.fit(dataset, { epochs: 10_000, onStep })).rejects.toThrow('been disposed');
  while (trainer.memory.buffers > 0) await new Promise((resolve) => setTimeout(resolve));
  expect(told).toEqual([1, 2, 3]);
  const young = make(gpu);
  const waiting = young.getWeights();
  young.dispose();
  await expect(waiting).rejects.toThrow('been disposed');
  expect(await reasonOf(make(gpu).getWeights())).toBeUndefined();
});

test('a lost device rejects the running call, the queued ones and all later ones', async () => {
  const own = await openGpu();
  const trainers: Trainer[] = [];
  for (const _ of calls) {
    trainers.push(make(own));
    await trainers.at(-1)!.getWeights(); // Sequentially, so that the browser compiles each pipeline once.
  }
  const all = () => calls.map(([, call], i) => reasonOf(call(trainers[i]!)));
  const pending = [...all(), ...all()];
  own.device.destroy();
  for (const [i, reason] of (await Promise.all([...pending, ...all()])).entries()) {
    expect(reason, calls[i % calls.length]![0]).toBeInstanceOf(DeviceLostError);
    expect(reason.message).toContain('The GPU device was lost (destroyed)');
  }
  for (const trainer of trainers) trainer.dispose();
});

test('lost in the middle of a run, or while pipelines compile', async () => {
  const own = await openGpu();
  const trainer = make(own);
  const running = reasonOf(trainer.fit(dataset, { epochs: 1000, onStep: ({ step }) => step === 3 && own.dispose() }));
  const waiting = reasonOf(trainer.evaluate(dataset));
  expect(await running).toBeInstanceOf(DeviceLostError);
  expect(await waiting).toBeInstanceOf(DeviceLostError);
  const early = await openGpu();
  const young = reasonOf(make(early).getWeights());
  early.dispose();
  expect(await young).toBeInstanceOf(DeviceLostError);
});

test('a callback that throws ends the run with its error; the trainer can be used further', async () => {
  const trainer = make(gpu);
  const thrown = new Error('from a callback');
  const steps: number[] = [];
  const onStep = ({ step }: { step: number }) => {
    steps.push(step);
    if (step === 2) throw thrown;
  };
  await expect(trainer.fit(dataset, { epochs: 5, onStep })).rejects.toBe(thrown);
  const onEpoch = () => {
    throw thrown;
  };
  await expect(trainer.fit(dataset, { epochs: 5, onEpoch })).rejects.toBe(thrown);
  const { steps: told } = await trainer.fit(dataset);
  expect(told.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(steps).toEqual([1, 2]);
  trainer.dispose();
});
