import { expect, test } from 'vitest';
import { compileModel, type Model } from '../../src/model/graph.ts';
import { presetModel } from '../../src/model/presets.ts';

/** For each measured layer, in order, the layer to which its gradient ratio is taken. */
const nextOf = (model: Model) => {
  const { measured } = compileModel(model);
  return measured.map(({ name, next }) => [name, next === undefined ? undefined : measured[next]!.name]);
};

test('in a chain each layer is followed by the next in the list', () => {
  expect(nextOf(presetModel('tutorial', [28, 28, 1], 10))).toEqual([
    ['conv2d', 'conv2d_1'],
    ['conv2d_1', 'dense'],
    ['dense', 'dense_1'],
    ['dense_1', undefined],
  ]);
});

test('in a residual network by the nearest on the way to the loss, across the sums', () => {
  const next = Object.fromEntries(nextOf(presetModel('resnet8', [16, 16, 3], 10)));
  expect(next).toMatchObject({
    // Block 1, whose shortcut is the block's input.
    batch_normalization: 'conv2d_1',
    conv2d_1: 'batch_normalization_1',
    batch_normalization_1: 'conv2d_2',
    // Its sum goes to the next block's first convolution and to its shortcut's: the first consumer counts.
    batch_normalization_2: 'conv2d_3',
    // Block 2: the main branch and the shortcut both end in the sum, and not in each other.
    batch_normalization_4: 'conv2d_6',
    conv2d_5: 'batch_normalization_5',
    batch_normalization_5: 'conv2d_6',
    batch_normalization_8: 'dense',
  });
  expect(next.dense).toBeUndefined();
  for (const [name, after] of Object.entries(next)) if (name !== 'dense') expect(after).toBeDefined();
});

test('frozen layers are passed over', () => {
  const dense = (units: number, more = {}) => ({ type: 'dense' as const, units, ...more });
  const layers = [{ type: 'flatten' as const }, dense(4), dense(4, { trainable: false }), dense(3)];
  expect(nextOf({ inputShape: [2, 2, 1], layers })).toEqual([
    ['dense', 'dense_2'],
    ['dense_2', undefined],
  ]);
});

test('the last layer is the one nearest to the loss, wherever it stands in the list', () => {
  const model: Model = {
    inputShape: [2, 2, 1],
    layers: [
      { type: 'dense', name: 'end', units: 3, inputs: ['middle'], activation: 'softmax' },
      { type: 'dense', name: 'middle', units: 4, inputs: ['start'] },
      { type: 'flatten', name: 'start', inputs: ['input'] },
    ],
  };
  expect(nextOf(model)).toEqual([
    ['middle', 'end'],
    ['end', undefined],
  ]);
  // Tensors keep Keras' order, which is that of the list.
  expect(compileModel(model).measured.map(({ tensors }) => tensors.map(({ index }) => index))).toEqual([
    [2, 3],
    [0, 1],
  ]);
});
