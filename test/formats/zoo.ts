import type { LayerConfig, Model } from '../../src/index.ts';
import { activationNames } from '../../src/model/activations.ts';

const head: LayerConfig[] = [{ type: 'globalAveragePooling2d' }, { type: 'dense', units: 3, activation: 'softmax' }];
const image = (inputShape: Model['inputShape'], ...layers: LayerConfig[]): Model => ({
  inputShape,
  layers: [...layers, ...head],
});
const flat = (inputShape: Model['inputShape'], ...layers: LayerConfig[]): Model => ({
  inputShape,
  layers: [...layers, { type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }],
});

const wide = { type: 'randomNormal', stddev: 2 } as const;
/** Every activation, as a layer's option and as a layer, on numbers of both signs. */
function activations(): Model {
  const names = activationNames.filter((activation) => activation !== 'softmax');
  const base: LayerConfig = { type: 'conv2d', filters: 2, kernelSize: 1, kernelInitializer: wide, name: 'base' };
  const options = names.map(
    (activation): LayerConfig =>
      ({ ...base, activation, inputs: ['input'], name: `option_${activation}` }) as LayerConfig,
  );
  const layers = names.map(
    (activation): LayerConfig => ({ type: 'activation', activation, inputs: ['base'], name: `layer_${activation}` }),
  );
  layers.push({ type: 'activation', activation: 'leakyRelu', negativeSlope: 0.3, inputs: ['base'], name: 'leaky' });
  const inputs = [...options, ...layers].map(({ name }) => name!);
  const end: LayerConfig[] = [
    { type: 'concatenate', inputs },
    { type: 'flatten' },
    { type: 'dense', units: 3, activation: 'softmax' },
  ];
  return { inputShape: [2, 2, 3], layers: [base, ...options, ...layers, ...end] };
}

/** Small networks that together contain every layer with every option that affects its result. */
export const zoo: Record<string, Model> = {
  'convolutions, valid': image(
    [9, 8, 3],
    { type: 'conv2d', filters: 4, kernelSize: [3, 2], strides: [2, 1] },
    { type: 'conv2d', filters: 6, kernelSize: 2, groups: 2, useBias: false },
    { type: 'conv2d', filters: 6, kernelSize: 1, groups: 3 },
  ),
  'convolutions, same, even kernels and strides': flat(
    [8, 7, 2],
    { type: 'conv2d', filters: 4, kernelSize: 4, padding: 'same', strides: 3, activation: 'tanh' },
    { type: 'conv2d', filters: 5, kernelSize: 2, padding: 'same' },
  ),
  'convolutions, dilated': flat(
    [9, 9, 1],
    { type: 'conv2d', filters: 3, kernelSize: 3, dilationRate: 2, padding: 'same' },
    { type: 'conv2d', filters: 2, kernelSize: [2, 3], dilationRate: [3, 1] },
    { type: 'depthwiseConv2d', kernelSize: 2, dilationRate: 2 },
  ),
  depthwise: flat(
    [8, 8, 3],
    { type: 'depthwiseConv2d', kernelSize: 3, depthMultiplier: 2, padding: 'same', strides: 2 },
    { type: 'depthwiseConv2d', kernelSize: 2, useBias: false },
  ),
  separable: flat(
    [8, 8, 2],
    { type: 'separableConv2d', filters: 5, kernelSize: 3, depthMultiplier: 3, padding: 'same', strides: 2 },
    { type: 'separableConv2d', filters: 2, kernelSize: 2, useBias: false, activation: 'elu' },
  ),
  'transposed, same': flat(
    [4, 3, 2],
    { type: 'conv2dTranspose', filters: 3, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' },
    { type: 'conv2dTranspose', filters: 2, kernelSize: 4, strides: [2, 1], padding: 'same', useBias: false },
  ),
  'transposed, windows shorter than strides': flat(
    [3, 3, 2],
    { type: 'conv2dTranspose', filters: 3, kernelSize: 2, strides: 3, padding: 'same' },
    { type: 'conv2dTranspose', filters: 2, kernelSize: 1, strides: 2 },
  ),
  'transposed, valid': flat([3, 4, 1], { type: 'conv2dTranspose', filters: 2, kernelSize: [3, 2], strides: 2 }),
  'transposed, dilated': flat([3, 4, 1], {
    type: 'conv2dTranspose',
    filters: 2,
    kernelSize: 3,
    dilationRate: 2,
    padding: 'same',
  }),
  pools: flat(
    [11, 9, 2],
    { type: 'maxPooling2d', poolSize: 3, strides: 2, padding: 'same' },
    { type: 'averagePooling2d', poolSize: [2, 3], strides: 1, padding: 'same' },
    { type: 'averagePooling2d', poolSize: 2 },
    { type: 'maxPooling2d', poolSize: [2, 1] },
  ),
  'normalizations of images': flat(
    [4, 5, 6],
    { type: 'batchNormalization' },
    { type: 'layerNormalization' },
    { type: 'groupNormalization', groups: 3 },
    { type: 'batchNormalization', scale: false, epsilon: 0.1 },
    { type: 'layerNormalization', axis: [-2, -1], scale: false },
    { type: 'groupNormalization', groups: -1, center: false, epsilon: 0.1 },
    { type: 'layerNormalization', axis: [1, 2, 3], epsilon: 0.01 },
    { type: 'batchNormalization', center: false },
    { type: 'layerNormalization', axis: [1, 2, 3], center: false },
  ),
  'normalizations of vectors': {
    inputShape: [2, 3, 2],
    layers: [
      { type: 'flatten' },
      { type: 'batchNormalization' },
      { type: 'layerNormalization', center: false },
      { type: 'groupNormalization', groups: 4 },
      { type: 'dense', units: 3, activation: 'softmax', useBias: false },
    ],
  },
  activations: activations(),
  'dropout and noise': flat(
    [4, 4, 2],
    { type: 'gaussianNoise', stddev: 0.5 },
    { type: 'conv2d', filters: 3, kernelSize: 2 },
    { type: 'spatialDropout2d', rate: 0.5 },
    { type: 'dropout', rate: 0.5 },
  ),
  'merges, broadcast': {
    inputShape: [4, 4, 3],
    layers: [
      { type: 'conv2d', filters: 3, kernelSize: 1, name: 'a' },
      { type: 'globalAveragePooling2d', keepdims: true, inputs: ['a'], name: 'mean' },
      { type: 'globalMaxPooling2d', keepdims: true, inputs: ['input'], name: 'max' },
      { type: 'multiply', inputs: ['a', 'mean', 'input'], name: 'product' },
      { type: 'add', inputs: ['max', 'product', 'a'], name: 'sum' },
      { type: 'average', inputs: ['sum', 'mean', 'a', 'input'], name: 'middle' },
      { type: 'maximum', inputs: ['middle', 'max', 'product'], name: 'largest' },
      { type: 'concatenate', inputs: ['largest', 'a'], axis: 1, name: 'tall' },
      { type: 'concatenate', inputs: ['tall', 'tall'], axis: -2, name: 'wide' },
      { type: 'concatenate', inputs: ['wide', 'wide', 'wide'], name: 'deep' },
      { type: 'globalMaxPooling2d', name: 'vector' },
      { type: 'globalAveragePooling2d', inputs: ['deep'], name: 'other' },
      { type: 'concatenate', inputs: ['vector', 'other'] },
      { type: 'dense', units: 3, activation: 'softmax' },
    ],
  },
  'other shapes': flat(
    [4, 6, 2],
    {
      type: 'zeroPadding2d',
      padding: [
        [1, 2],
        [0, 3],
      ],
    },
    { type: 'conv2d', filters: 4, kernelSize: 2 },
    {
      type: 'cropping2d',
      cropping: [
        [1, 0],
        [2, 1],
      ],
    },
    { type: 'upSampling2d', size: [2, 3] },
    { type: 'reshape', targetShape: [8, -1, 3] },
    { type: 'conv2d', filters: 2, kernelSize: 2 },
    { type: 'reshape', targetShape: [-1] },
    { type: 'reshape', targetShape: [1, 1, -1] },
    { type: 'conv2d', filters: 6, kernelSize: 1 },
    { type: 'reshape', targetShape: [2, 3, 1] },
  ),
  'bilinear up-sampling': flat([3, 4, 2], { type: 'upSampling2d', size: [2, 3], interpolation: 'bilinear' }),
  'odd names': {
    inputShape: [3, 3, 1],
    layers: [
      { type: 'conv2d', filters: 2, kernelSize: 2, name: 'images' },
      { type: 'batchNormalization', name: 'a/b c' },
      { type: 'flatten', name: 'probabilities' },
      { type: 'dense', units: 4, name: 'forward', activation: 'silu' },
      { type: 'dense', units: 3, activation: 'softmax', name: 'it\'s 1 \\ ü\n"' },
    ],
  },
};
