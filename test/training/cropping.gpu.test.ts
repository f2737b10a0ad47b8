import { expect, test } from 'vitest';
import {
  type AugmentationConfig,
  ConfigurationError,
  createDataset,
  createTrainer,
  type Dataset,
  type Model,
} from '../../src/index.ts';
import { cropImage, resizedCrop } from '../../src/reference/augment_geometry.ts';
import { expectSame, expectWithin } from '../../src/selftest/compare.ts';
import { gpu } from '../gpu/shared_gpu.ts';

// A data set with images larger than the model's input: a crop in the augmentation makes them fit.

const model: Model = {
  inputShape: [6, 6, 1],
  layers: [{ type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }],
};
const [from, to] = [
  { height: 9, width: 11, channels: 1 },
  { height: 6, width: 6, channels: 1 },
];
const elements = 9 * 11;
const count = 60;
// The class determines the position of the bright rows.
const images = Uint8Array.from({ length: count * elements }, (_, i) => {
  const [image, row] = [Math.floor(i / elements), Math.floor((i % elements) / 11)];
  return Math.floor(row / 3) === image % 3 ? 190 + (i % 60) : 20 + ((i * 37) % 50);
});
const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
const large = createDataset({ images, labels, imageShape: [9, 11, 1] });

/** The data set with each image transformed. */
function remade(make: (image: Uint8Array) => ArrayLike<number>): Dataset {
  const all = Array.from({ length: count }, (_, i) => [
    ...Array.from(make(images.subarray(i * elements, (i + 1) * elements))),
  ]);
  return createDataset({ images: Uint8Array.from(all.flat()), labels, imageShape: [6, 6, 1] });
}
const sampling = { fillMode: 'nearest', cval: 0, interpolationOrder: 0 } as const;
// Python rounds 1.5 and 2.5 to 2.
const middles = remade((image) => cropImage(image, from, { top: 2, left: 2 }, to, sampling));

const trainerWith = (augmentation: AugmentationConfig, mix?: { probability: number }) =>
  createTrainer(gpu, { model, batchSize: 16, seed: 4, augmentation, ...(mix && { mix }) });

test('randomCrop: the network learns from crops, and is evaluated on the center of each image', async () => {
  const trainer = trainerWith([{ type: 'randomCrop', size: 6 }, { type: 'randomHorizontalFlip' }]);
  const { epochs } = await trainer.fit(large, { epochs: 6, validationData: large });
  expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss);
  const plain = trainerWith([]);
  await plain.setWeights(await trainer.getWeights());
  const evaluation = await plain.evaluate(middles);
  expect(await trainer.evaluate(large)).toEqual(evaluation);
  expect(epochs.at(-1)!.validationLoss).toBe(evaluation.loss);
  for (const one of [trainer, plain]) one.dispose();
});

test('randomResizedCrop: the network is evaluated on whole images, resized', async () => {
  const trainer = trainerWith([{ type: 'randomResizedCrop', size: 6 }]);
  await trainer.fit(large, { epochs: 1 });
  const whole = { top: 0, left: 0, height: 9, width: 11 };
  const resized = Float32Array.from(
    Array.from({ length: count }, (_, i) => [
      ...resizedCrop(images.subarray(i * elements, (i + 1) * elements), from, whole, to, 1),
    ]).flat(),
    (value) => value / 255,
  );
  const probabilities = await trainer.predict(resized);
  const losses = Array.from(labels, (label, i) => -Math.log(probabilities[3 * i + label]!));
  const { loss } = await trainer.evaluate(large);
  // Images with values up to 1 that differ in their last bits, multiplied by 36 weights.
  expectWithin('loss', [loss], [losses.reduce((a, b) => a + b) / count], 1e-5);
  trainer.dispose();
});

test('images that happen not to be augmented are also cropped', async () => {
  const [cropped, plain] = [
    trainerWith(
      [
        { type: 'randomCrop', size: 6 },
        { type: 'randomRotation', degrees: 90 },
      ],
      { probability: 0 },
    ),
    trainerWith([]),
  ];
  await cropped.fit(large, { epochs: 2 });
  await plain.fit(middles, { epochs: 2 });
  const weights = await plain.getWeights();
  for (const [i, w] of (await cropped.getWeights()).entries()) expectSame(`weights ${i}`, w, weights[i]!);
  for (const one of [cropped, plain]) one.dispose();
});

test("a crop of a crop: only the last one must match the model's input", async () => {
  const trainer = trainerWith([
    { type: 'randomCrop', size: [8, 10] },
    { type: 'randomCrop', size: 6 },
  ]);
  await trainer.fit(large, { epochs: 1 });
  const plain = trainerWith([]);
  await plain.setWeights(await trainer.getWeights());
  // The center of the center: the first 8 of 9 rows, from row 1 on; the first 10 of 11 columns, from column 2 on.
  const middle = remade((image) => cropImage(image, from, { top: 1, left: 2 }, to, sampling));
  expect(await trainer.evaluate(large)).toEqual(await plain.evaluate(middle));
  for (const one of [trainer, plain]) one.dispose();
});

test('a crop size that does not match the model is rejected, with both sizes', async () => {
  const trainer = trainerWith([{ type: 'randomCrop', size: [6, 5] }]);
  const error = await trainer.fit(large).catch((reason) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toMatch(/9,11,1, which the augmentation turns into 6,5,1/);
  expect(error.message).toMatch(/expected: \[6, 6, 1\]/);
  trainer.dispose();
});
