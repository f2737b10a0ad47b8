import { expect, test } from 'vitest';
import type { Variant } from '../../src/gpu/kernel.ts';
import { variantText } from '../../src/gpu/variants.ts';
import type { KernelVariants, Model } from '../../src/index.ts';
import type { CompiledModel } from '../../src/model/graph.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { tunableKernels } from '../../src/train/plan_engine.ts';
import { fillOptions } from '../../src/train/trainer_options.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { boundsOfBatch } from './batch_bounds.ts';
import { expectBatch } from './closeness.ts';
import { trainOnce } from './forced_variants.ts';
import { batchOf, smallDataset } from './small.ts';

const dataset = smallDataset(4);
const [images, labels] = batchOf(dataset, 0, 4);

/**
 * Every pass has sums of enough terms to be split, and enough channels for tiles, which divide none of its sizes. Three channels, and 43
 * filters, cannot be loaded four at a time.
 */
const model: Model = {
  inputShape: [...dataset.imageShape] as Model['inputShape'],
  layers: [
    { type: 'reshape', targetShape: [3, 4, 3] },
    { type: 'conv2d', filters: 36, kernelSize: [3, 3], padding: 'same', activation: 'tanh' },
    { type: 'conv2d', filters: 40, kernelSize: [3, 3], padding: 'same', activation: 'relu' },
    { type: 'maxPooling2d' },
    { type: 'conv2d', filters: 43, kernelSize: [1, 1], activation: 'tanh' },
    { type: 'flatten' },
    { type: 'dense', units: 260, activation: 'relu' },
    { type: 'dense', units: 20, activation: 'relu' },
    { type: 'dense', units: dataset.classNames!.length, activation: 'softmax' },
  ],
};
const options = { model, batchSize: 4, seed: 3 };

const tunable = await tunableKernels(gpu, fillOptions(options));
const variantsOf = (key: string): Variant[] => {
  const { kernel, shape } = tunable.get(key)!;
  return kernel.variants!(shape, gpu.traits);
};
const marks = ['winograd', 'workgroupTile', 'splitSum'];
const further = new Map(
  [...tunable.keys()]
    .flatMap(variantsOf)
    .filter((variant) => marks.some((mark) => mark in variant))
    .map((variant) => [variantText(variant), variant]),
);

test('all passes have them', () => {
  const having = (mark: string) =>
    new Set(
      [...tunable].flatMap(([key, { kernel }]) =>
        variantsOf(key).some((variant) => mark in variant) ? [kernel.name] : [],
      ),
    );
  const convolution = ['conv2d_forward', 'conv2d_backward_x', 'conv2d_backward_w'];
  const dense = ['dense_forward', 'dense_backward_x', 'dense_backward_w'];
  expect(having('winograd')).toEqual(new Set(convolution));
  const narrow = ['conv2d_backward_w_narrow', 'dense_backward_w_narrow'];
  expect(having('workgroupTile')).toEqual(new Set([...convolution, ...dense, ...narrow]));
  expect(having('splitSum')).toEqual(new Set([...convolution, ...dense].filter((name) => !name.endsWith('_w'))));
});

const twinOf = (compiled: CompiledModel, weights: Float32Array[]) => ({
  weights,
  expected: networkGradients(
    compiled,
    weights.map((w) => Float64Array.from(w)),
    Float64Array.from(images),
    labels,
  ),
  bounds: boundsOfBatch(compiled, weights, images, labels),
});
/** All variants start from the same weights, so the twin computes once. */
let twin: ReturnType<typeof twinOf> | undefined;

test.each([...further])('%s, wherever a network can have it, gives the gradients of the float64 twin', async (text) => {
  const kernelVariants: KernelVariants = Object.fromEntries(
    [...tunable.keys()].flatMap((key) => {
      const variant = variantsOf(key).find((each) => variantText(each) === text);
      return variant ? [[key, variant]] : [];
    }),
  );
  const train = () => trainOnce({ ...options, kernelVariants }, dataset);
  const { model, weights, batch, dispatches, ...end } = await train();
  twin ??= twinOf(model, weights);
  expect(weights).toEqual(twin.weights);
  expectBatch(model, batch, twin.expected, twin.bounds);
  const ran = dispatches.filter(({ variant }) => variantText(variant) === text).map(({ name }) => name);
  expect(ran.length).toBe(Object.keys(kernelVariants).length);
  // Its sums have a fixed order, so a second run is bit-identical.
  const again = await train();
  expect([again.loss, again.after]).toEqual([end.loss, end.after]);
});

test('the tiles of rows to which long runs on llvmpipe change give the gradients of the float64 twin', async () => {
  // The shaders need nothing that only llvmpipe has.
  const llvmpipe = { ...gpu, traits: { ...gpu.traits, subgroupSize: 0, gathers: true } };
  const tiles = new Map(
    [...(await tunableKernels(llvmpipe, fillOptions(options)))].flatMap(([key, { kernel, shape }]) => {
      const tile = kernel.variants!(shape, llvmpipe.traits).find(({ rowTile }) => rowTile);
      return tile ? [[key, tile]] : [];
    }),
  );
  expect([...tiles.keys()].map((key) => key.split(' ')[0]).sort()).toEqual(['conv2d_backward_x', 'conv2d_forward']);
  const kernelVariants = Object.fromEntries(tiles);
  const { model, weights, batch, dispatches } = await trainOnce({ ...options, kernelVariants }, dataset, llvmpipe);
  twin ??= twinOf(model, weights);
  expect(weights).toEqual(twin.weights);
  expectBatch(model, batch, twin.expected, twin.bounds);
  expect(dispatches.filter(({ variant }) => variant.rowTile)).toHaveLength(2);
});
