import fc from 'fast-check';
import type { LayerConfig, Model } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';

const activation = fc.constantFrom('linear', 'relu', 'tanh', 'sigmoid');
const size = (most: number) =>
  fc.oneof(
    fc.integer({ min: 1, max: most }),
    fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most })),
  );
const padding = fc.constantFrom('valid', 'same');

const convolution = fc.record({
  type: fc.constant('conv2d'),
  filters: fc.integer({ min: 1, max: 9 }),
  kernelSize: size(4),
  strides: size(3),
  padding,
  activation,
  useBias: fc.boolean(),
});
/** The pool that is fused with the preceding convolution is the most common. */
const pool = fc.oneof(
  fc.constant({ type: 'maxPooling2d' }),
  fc.record({ type: fc.constant('maxPooling2d'), poolSize: size(3), strides: size(3), padding }),
);
const dense = fc.record({
  type: fc.constant('dense'),
  units: fc.integer({ min: 1, max: 9 }),
  activation,
  useBias: fc.boolean(),
});

/** Small models with valid shapes: a few convolutions and pools, optionally a hidden dense layer, and a softmax. */
export const models: fc.Arbitrary<Model> = fc
  .record({
    inputShape: fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
    ),
    body: fc.array(fc.oneof({ weight: 3, arbitrary: convolution }, { weight: 2, arbitrary: pool }), { maxLength: 3 }),
    hidden: fc.array(dense, { maxLength: 1 }),
    classes: fc.integer({ min: 1, max: 7 }),
    useBias: fc.boolean(),
  })
  .map(({ inputShape, body, hidden, classes, useBias }) => ({
    inputShape,
    layers: [
      ...body,
      { type: 'flatten' },
      ...hidden,
      { type: 'dense', units: classes, activation: 'softmax', useBias },
    ] as LayerConfig[],
  }))
  .filter(fits);

function fits(model: Model): boolean {
  try {
    compileModel(model);
    return true;
  } catch {
    return false;
  }
}
