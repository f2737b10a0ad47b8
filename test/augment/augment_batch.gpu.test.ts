import { afterAll, describe, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import { planBatch } from '../../src/augment/batch.ts';
import type { ImageDataGeneratorConfig } from '../../src/augment/generator_options.ts';

import { parseAugmentation } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { KernelCache } from '../../src/gpu/kernel.ts';
import { Memory, type Slice } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { Recorder } from '../../src/gpu/recorder.ts';
import { type Recording, replay } from '../../src/gpu/recording.ts';
import { packState, stateWords } from '../../src/kernels/state.ts';
import { composeAffine, identityParameters, type Sampling, warpImage } from '../../src/reference/augment.ts';
import { drawRecord } from '../../src/reference/draws.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { unitRoundoff } from '../../src/selftest/tolerance.ts';
import { expectWarped } from './closeness.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
const cache = new KernelCache(gpu.device, gpu.traits);
afterAll(() => gpu.dispose());

const everything: ImageDataGeneratorConfig = {
  rotationRange: 15,
  widthShiftRange: 0.1,
  heightShiftRange: 2.5,
  shearRange: 5,
  zoomRange: [0.8, 1.4],
  horizontalFlip: true,
  verticalFlip: true,
};
const imageShape: [number, number, number] = [20, 30, 1];
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

function run(recording: Recording): void {
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  replay(pass, recording);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
}

describe('a batch of a training step', () => {
  const [height, width, channels] = imageShape;
  const elements = height * width * channels;
  const samples = 21;
  const images = Uint8Array.from({ length: samples * elements }, (_, i) => (i * 7919) % 251);
  const labels = Uint8Array.from(upTo(samples), (i) => (i * 3) % 10);
  const order = Uint32Array.from(upTo(samples), (i) => (i * 8 + 5) % samples);
  const sampling: Sampling = {
    fillMode: 'nearest',
    cval: 0,
    interpolationOrder: 1,
    compat: 'corrected',
    rescale: 1 / 255,
  };
  const seed = 3;
  const epoch = 4;

  async function step(config: ImageDataGeneratorConfig, batch: number, start: number) {
    const pipeline = parseAugmentation({ rescale: 1 / 255, ...config }, imageShape);
    const memory = new Memory(gpu.device);
    const state = memory.storage('state', stateWords);
    const count = Math.min(batch, samples - start);
    gpu.device.queue.writeBuffer(
      state.buffer,
      0,
      packState({ seed, epoch, samples, position: start + count, start, count }),
    );
    const [output, batchLabels] = [batch * elements, batch].map((size) => {
      const slice = memory.storage('output', size);
      gpu.device.queue.writeBuffer(slice.buffer, 0, new Uint32Array(slice.size / 4).fill(0x7fc00000));
      return slice;
    }) as [Slice, Slice];
    const { recording, maps } = await planBatch(new Recorder(gpu, memory, cache), pipeline, {
      batch,
      state,
      order: memory.upload('order', order),
      samplesPerEpoch: samples,
      count: samples,
      labels: { all: memory.upload('labels', labels), batch: batchLabels },
      pixels: { images: memory.upload('images', images), bytes: true, output },
    });
    run(recording);
    const [pixels, classes, matrices] = await readSlices(gpu, memory, [output, batchLabels, ...(maps ? [maps] : [])]);
    memory.dispose();
    return {
      pipeline,
      count,
      matrices: new Float32Array(matrices ?? new ArrayBuffer(0)),
      labels: new Uint32Array(classes!, 0, batch),
      y: new Float32Array(pixels!),
    };
  }

  const whole = () => step(everything, samples, 0);

  test.each([
    [32, 0],
    [8, 0],
    [8, 16],
    [5, 7],
    [1, 20],
    [130, 3],
  ])('batch %i from position %i: labels, matrices and images', async (batch, start) => {
    const { pipeline, count, matrices, y, ...rest } = await step(everything, batch, start);
    const all = await whole();
    for (let slot = 0; slot < batch; slot++) {
      // The slots after the last real sample hold the batch's first sample.
      const place = start + (slot < count ? slot : 0);
      const sample = order[place]!;
      expect(rest.labels[slot]).toBe(labels[sample]);
      const record = drawRecord(pipeline, { seed, epoch, sample });
      const drawn = pipeline.ops[0]!.fields.map(({ name }, i) => [name, record[1 + i]]);
      const p = { ...identityParameters, ...Object.fromEntries(drawn) };
      const affine = composeAffine(p, height, width, 'corrected');
      // As for a coordinate: sixteen roundings, each at most the sum of the terms.
      const terms = 2 * (height + width) * 1.4 + Math.abs(p.tx) + Math.abs(p.ty);
      expectWithin(`matrix ${slot}`, matrices.subarray(slot * 8, slot * 8 + 6), affine, 16 * 2 * unitRoundoff * terms);
      const mine = y.subarray(slot * elements, (slot + 1) * elements);
      expectSame(`image ${slot}`, mine, all.y.subarray(place * elements, (place + 1) * elements));
      const image = images.subarray(sample * elements, (sample + 1) * elements);
      const picture = { height, width, channels };
      expectWarped(`image ${slot}`, mine, warpImage(image, picture, p, sampling), image, picture, p, sampling);
    }
  });

  test('without an augmentation, images and labels are those of the samples', async () => {
    const { y, labels: classes } = await step({}, 8, 16);
    for (let slot = 0; slot < 8; slot++) {
      const sample = order[16 + (slot < 5 ? slot : 0)]!;
      expect(classes[slot]).toBe(labels[sample]);
      const image = images.subarray(sample * elements, (sample + 1) * elements);
      const scaled = Float64Array.from(image, (byte) => byte / 255);
      expectWithin('y', y.subarray(slot * elements, (slot + 1) * elements), scaled, 2 * 2 * unitRoundoff);
    }
  });

  test('an augmenter reproduces the images that a step trained on', async () => {
    const { y } = await step(everything, 8, 4);
    const chosen = [...order.slice(4, 12)];
    const own = Uint8Array.from(
      chosen.flatMap((sample) => [...images.subarray(sample * elements, (sample + 1) * elements)]),
    );
    const augmenter = createAugmenter(gpu, { imageShape, augmentation: { ...everything, rescale: 1 / 255 }, seed });
    expectSame('y', await augmenter.apply(own, { epoch, samples: chosen }), y);
    // Through JSON: the same numbers give the same matrices.
    const again = await augmenter.apply(own, await augmenter.draw({ epoch, samples: chosen }));
    expectSame('y', again, y);
  });
});
