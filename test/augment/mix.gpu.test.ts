import { afterAll, expect, test } from 'vitest';
import { createTrainer } from '../../src/api/trainer.ts';
import { planBatch } from '../../src/augment/batch.ts';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { createDataset } from '../../src/data/dataset.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { KernelCache } from '../../src/gpu/kernel.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { Recorder } from '../../src/gpu/recorder.ts';
import { replay } from '../../src/gpu/recording.ts';
import { packState, stateWords } from '../../src/kernels/state.ts';
import { inputViewOf } from '../../src/plan/mix.ts';
import { expectWithin } from '../../src/selftest/compare.ts';

const gpu: Gpu = await openGpu();
const cache = new KernelCache(gpu.device, gpu.traits);
afterAll(() => gpu.dispose());

// Images of one pixel that identify themselves, and an augmentation that leaves a mark.
const count = 1000;
const images = Uint8Array.from({ length: count }, (_, i) => i % 200);
const inverted = [{ type: 'randomInvert' as const, p: 1 }];

/** The values and labels of all entries of an epoch, in order. */
async function see(places: number, probability: number, epoch = 1) {
  const memory = new Memory(gpu.device);
  const state = memory.storage('state', stateWords);
  const values = { seed: 1, epoch, samples: places, position: places, start: 0, count: places };
  gpu.device.queue.writeBuffer(state.buffer, 0, packState(values));
  const [output, batch] = [memory.storage('y', places), memory.storage('labels', places)];
  const { recording } = await planBatch(new Recorder(gpu, memory, cache), parseAugmentation(inverted, [1, 1, 1]), {
    batch: places,
    state,
    order: memory.upload(
      'order',
      Uint32Array.from({ length: places }, (_, i) => i),
    ),
    samplesPerEpoch: places,
    count,
    probability,
    labels: { all: memory.upload('all', images), batch },
    pixels: { images: memory.upload('images', images), bytes: true, output },
  });
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  replay(pass, recording);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
  const [y, labels] = await readSlices(gpu, memory, [output, batch]);
  memory.dispose();
  return { y: new Float32Array(y!, 0, places), labels: new Uint32Array(labels!, 0, places) };
}

test('merge: every image unchanged, and its augmented copies with the same label', async () => {
  const { y, labels } = await see(3 * count, 1);
  for (let place = 0; place < 3 * count; place++) {
    const own = images[place % count]!;
    expect(labels[place]).toBe(own);
    expect(y[place]).toBe(place < count ? own : 255 - own);
  }
});

test('a probability selects that fraction of the images, and others in the next epoch', async () => {
  const isAugmented = async (epoch: number) => {
    const { y } = await see(count, 0.3, epoch);
    return y.map((value, i) => Number(value === 255 - images[i]!));
  };
  const [first, second] = [await isAugmented(1), await isAugmented(2)];
  const share = (flags: Float32Array) => flags.reduce((a, b) => a + b) / count;
  const error = 5 * Math.sqrt((0.3 * 0.7) / count);
  expectWithin('share', [share(first), share(second)], [0.3, 0.3], error);
  expectWithin('both', [share(first.map((flag, i) => flag * second[i]!))], [0.09], error);
  expect(await isAugmented(1)).toEqual(first);
});

test('copies make an epoch longer by their number', async () => {
  const dataset = createDataset({ images: images.slice(0, 50), labels: images.slice(0, 50), imageShape: [1, 1, 1] });
  const layers = [{ type: 'flatten' as const }, { type: 'dense' as const, units: 200, activation: 'softmax' as const }];
  const trainer = createTrainer(gpu, {
    model: { inputShape: [1, 1, 1], layers },
    batchSize: 8,
    augmentation: inverted,
    mix: 'merge',
    copies: 2,
  });
  const { steps } = await trainer.fit(dataset, { epochs: 2 });
  expect(steps).toHaveLength(2 * Math.ceil(150 / 8));
  expect(steps.slice(0, 19).reduce((sum, { samples }) => sum + samples, 0)).toBe(150);
  trainer.dispose();
});

test.each([
  ['merged', undefined, /mix is invalid/],
  ['replace', 2, /copies requires mix: 'merge'/],
  ['merge', 0, /copies/],
  [{ probability: 1.5 }, undefined, /probability/],
  [{}, undefined, /mix is invalid/],
])('rejected: mix %j, copies %j', (mix, copies, words) => {
  expect(() => inputViewOf({}, mix as never, copies)).toThrow(ConfigurationError);
  expect(() => inputViewOf({}, mix as never, copies)).toThrow(words);
});
