import { afterAll, expect, test } from 'vitest';
import { createAugmenter } from '../../src/augment/augmenter.ts';
import { ConfigurationError, DeviceLostError } from '../../src/errors.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const imageShape: [number, number, number] = [4, 5, 2];
const elements = 40;
const make = (options: object = {}) =>
  createAugmenter(gpu, { imageShape, augmentation: { rotationRange: 20 }, seed: 1, ...options });

test.each<[string, object, RegExp]>([
  ['a shape of two numbers', { imageShape: [4, 5] }, /imageShape/],
  ['a shape with a half', { imageShape: [4, 5.5, 1] }, /imageShape/],
  ['an unknown option', { augmentation: { rotation: 3 } }, /rotation/],
  ['a negative seed', { seed: -1 }, /seed/],
  ['a seed too large', { seed: 2 ** 32 }, /seed/],
])('rejected at once: %s', (_, options, words) => {
  expect(() => make(options)).toThrow(ConfigurationError);
  expect(() => make(options)).toThrow(words);
});

test.each<[string, () => Promise<unknown>, RegExp]>([
  ['fewer images than parameters', () => make().apply(new Uint8Array(elements), [{}, {}]), /2 x 4 x 5 x 2 = 80/],
  ['more images', () => make().apply(new Float32Array(3 * elements), [{}, {}]), /Float32Array of 120, for 2 images/],
  ['no image', () => make().apply(new Uint8Array(0), []), /for 0 images/],
  ['images in an array', () => make().apply(new Array(elements).fill(0) as never, [{}]), /Array of 40/],
  ['an unknown parameter', () => make().apply(new Uint8Array(elements), [{ zoom: 1 } as never]), /no zoom/],
  [
    'no parameters',
    () => make().apply(new Uint8Array(elements), undefined as never),
    /Neither parameters nor an epoch/,
  ],
  ['no sample', () => make().draw({ epoch: 0, samples: [] }), /at least one sample/],
  ['half a sample', () => make().draw({ epoch: 0, samples: [1, 0.5] }), /a sample/],
  ['an epoch below 0', () => make().draw({ epoch: -1, samples: [1] }), /epoch/],
])('rejected: %s', async (_, call, words) => {
  const error = await call().then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toMatch(words);
});

test('rescale is applied only if it is given', async () => {
  const images = Uint8Array.from({ length: elements }, (_, i) => i);
  expect(await make().apply(images, [{}])).toEqual(Float32Array.from(images));
  const scaled = await make({ augmentation: { rescale: 0.5 } }).apply(images, [{}]);
  expect(scaled).toEqual(Float32Array.from(images, (byte) => byte / 2));
});

test('parameters survive a round trip through JSON', async () => {
  const augmenter = make();
  const images = Float32Array.from({ length: 3 * elements }, (_, i) => Math.sin(i));
  const drawn = await augmenter.draw({ epoch: 6, samples: [9, 4, 0] });
  expect(JSON.parse(JSON.stringify(drawn))).toEqual(drawn);
  expect(drawn[0]).toMatchObject({ tx: 0, ty: 0, shear: 0, zx: 1, zy: 1, flipHorizontal: false, flipVertical: false });
  const y = await augmenter.apply(images, drawn);
  expect(y).toHaveLength(3 * elements);
});

test('concurrent calls do not interfere', async () => {
  const augmenter = make();
  const alone = await augmenter.draw({ epoch: 0, samples: [5] });
  const together = await Promise.all([5, 6, 5].map((sample) => augmenter.draw({ epoch: 0, samples: [sample] })));
  expect(together[0]).toEqual(alone);
  expect(together[2]).toEqual(alone);
  expect(together[1]).not.toEqual(alone);
});

test('after dispose, pending and later calls reject, and the device is kept', async () => {
  const augmenter = make();
  const underWay = augmenter.draw({ epoch: 0, samples: [1, 2, 3] });
  augmenter.dispose();
  await expect(underWay).rejects.toThrow('been disposed');
  await expect(augmenter.draw({ epoch: 0, samples: [1] })).rejects.toThrow('been disposed');
  expect(await make().draw({ epoch: 0, samples: [1] })).toHaveLength(1);
});

test('after the device is lost, pending and later calls reject with the reason', async () => {
  const own = await openGpu();
  const augmenter = createAugmenter(own, { imageShape, augmentation: { zcaWhitening: true }, seed: 0 });
  const images = new Uint8Array(elements);
  const calls: Record<string, () => Promise<unknown>> = {
    draw: () => augmenter.draw({ epoch: 0, samples: [1] }),
    apply: () => augmenter.apply(images, [{}]),
    fit: () => augmenter.fit(images),
    sheet: () => augmenter.sheet(images),
  };
  await calls.fit!();
  const reasons = () => Object.values(calls).map((call) => call().catch((reason: unknown) => reason));
  const underWay = reasons();
  own.dispose();
  for (const [i, reason] of (await Promise.all([...underWay, ...reasons()])).entries()) {
    expect(reason, Object.keys(calls)[i % 4]).toBeInstanceOf(DeviceLostError);
    expect((reason as Error).message).toContain('The GPU device was lost (destroyed)');
  }
});
