import { afterAll, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import type { PipelineParameters } from '../../src/augment/parameters.ts';
import type { OpConfig } from '../../src/augment/pipeline.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { expectSame } from '../../src/selftest/compare.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

const imageShape: [number, number, number] = [6, 5, 3];
const elements = 90;
const someBytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7919) % 256);
const pipeline: OpConfig[] = [
  { type: 'randomHorizontalFlip' },
  { type: 'randomInvert' },
  { type: 'randomSolarize', threshold: 100, p: 0.3 },
  { type: 'randomAffine', degrees: 20, scale: [0.8, 1.2] },
];

test('the sampled parameters reproduce the image', async () => {
  const augmenter = createAugmenter(gpu, { imageShape, augmentation: pipeline, seed: 4 });
  const samples = Array.from({ length: 16 }, (_, i) => i);
  const images = someBytes(16 * elements);
  const drawn = (await augmenter.draw({ epoch: 2, samples })) as PipelineParameters[];
  const y = await augmenter.apply(images, { epoch: 2, samples });
  expectSame('y', await augmenter.apply(images, JSON.parse(JSON.stringify(drawn))), y);
  const share = drawn.filter(({ ops }) => ops[2]!.applied).length / 16;
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThan(0.7);
});

test('an op that is named in the parameters is applied, and the others leave the image unchanged', async () => {
  const augmenter = createAugmenter(gpu, { imageShape, augmentation: pipeline });
  const images = someBytes(elements);
  const of = (...ops: PipelineParameters['ops']) => augmenter.apply(images, [{ ops }]);
  expectSame('nothing', await of(), images);
  expectSame(
    'inverted',
    await of({ type: 'randomInvert' }),
    images.map((x) => 255 - x),
  );
  expectSame(
    'solarized',
    await of({ type: 'randomSolarize', threshold: 200 }),
    images.map((x) => (x >= 200 ? 255 - x : x)),
  );
  const flipped = images.map((_, i) => images[i - (i % 15) + 12 - 3 * Math.floor((i % 15) / 3) + (i % 3)]!);
  expectSame('flipped', await of({ type: 'randomHorizontalFlip' }), flipped);
});

test('pixels that an affine op samples from outside are not inverted by the op before it', async () => {
  const augmenter = createAugmenter(gpu, { imageShape, augmentation: pipeline });
  const y = await augmenter.apply(someBytes(elements), [
    { ops: [{ type: 'randomInvert' }, { type: 'randomAffine', translateX: 5 }] },
  ]);
  expectSame('y', y, new Float32Array(elements));
});

test('an op samples the same parameters whatever other ops are in the pipeline, and in any order', async () => {
  const colors: OpConfig[] = [
    { type: 'colorJitter', brightness: 0.5, contrast: 0.5, saturation: 0.5, hue: 0.2 },
    { type: 'randomGrayscale' },
    { type: 'randomPosterize', bits: [2, 6] },
  ];
  const channels: OpConfig[] = [{ type: 'randomChannelPermutation' }, { type: 'randomChannelDrop', channels: [1, 2] }];
  const others: OpConfig[] = [
    { type: 'gaussianNoise', sigma: [0.1, 0.2] },
    { type: 'randomErasing', value: 'random' },
    { type: 'gridMask', d: [3, 5] },
    { type: 'randomAffine', degrees: 30 },
    { type: 'randAugment' },
    { type: 'autoAugment' },
    { type: 'augMix', mixtureWidth: 1, chainDepth: 1 },
  ];
  const samples = Array.from({ length: 8 }, (_, i) => i);
  const drawsOf = async (augmentation: OpConfig[]) => {
    const augmenter = createAugmenter(gpu, { imageShape, augmentation, seed: 9 });
    const drawn = (await augmenter.draw({ epoch: 4, samples })) as PipelineParameters[];
    return drawn.map(({ ops }) => Object.fromEntries(ops.map((op) => [op.type, op])));
  };
  const all = await drawsOf([...colors, ...channels, ...others]);
  const turned = await drawsOf([
    { type: 'randomHorizontalFlip' },
    ...[...others].reverse(),
    ...channels,
    { type: 'gaussianBlur', kernelSize: 3 },
    ...[...colors].reverse(),
  ]);
  turned.forEach((drawn, i) => {
    expect(drawn).toMatchObject(all[i]!);
  });
  const alone = await drawsOf([colors[0]!]);
  alone.forEach((drawn, i) => {
    expect(drawn.colorJitter).toEqual(all[i]!.colorJitter);
  });
});
