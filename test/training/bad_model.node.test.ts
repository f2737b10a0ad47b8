import { describe, expect, test } from 'vitest';
import { ConfigurationError, type ErrorParts } from '../../src/errors.ts';
import { activationNames } from '../../src/model/activations.ts';
import { compileModel, sequential } from '../../src/model/graph.ts';
import { conv2d, dense, flatten, maxPooling2d } from '../../src/model/layer_factories.ts';
import { layerTypes } from '../../src/model/layers/index.ts';
import { requireEnding } from '../../src/model/loss.ts';
import { adam, fillOptimizer, sgd } from '../../src/model/optimizer.ts';

/** The parts of the message of the error that a call throws. */
function partsOf(call: () => unknown): ErrorParts {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as ConfigurationError).exitCode).toBe(2);
    return (error as ConfigurationError).parts;
  }
  throw new Error('nothing was thrown');
}

const softmax = { type: 'dense', units: 3, activation: 'softmax' };
const model = (...layers: unknown[]) => ({ inputShape: [8, 8, 1], layers });
const sequentially = (json: unknown) => () => sequential(json as never);

describe('a layer', () => {
  test.each<[string, unknown, Partial<ErrorParts>]>([
    [
      'of an unknown type',
      { type: 'conv2D', filters: 3, kernelSize: 3 },
      {
        what: 'layer 1 has an unknown type',
        found: 'conv2D',
        expected: `one of ${layerTypes.join(', ')}`,
        fix: 'did you mean "conv2d"?',
      },
    ],
    ['of no type', { filters: 3 }, { what: 'layer 1 has an unknown type', found: { filters: 3 } }],
    ['that is null', null, { what: 'layer 1 has an unknown type', found: null }],
    [
      'with an unknown option',
      { type: 'conv2d', filters: 3, kernelsize: 3 },
      {
        what: 'layer 1 (conv2d) has no option kernelsize',
        found: 'kernelsize',
        expected:
          'one of type, filters, kernelSize, strides, padding, dilationRate, groups, activation, useBias, kernelInitializer, ' +
          'biasInitializer, kernelRegularizer, biasRegularizer, trainable, name, inputs',
        fix: 'did you mean "kernelSize"?',
      },
    ],
    [
      'with an option that is like none',
      { type: 'flatten', zzzzzzzz: 1 },
      { what: 'layer 1 (flatten) has no option zzzzzzzz', expected: 'one of type, name, inputs', fix: undefined },
    ],
    [
      'with an unknown activation',
      { type: 'dense', units: 3, activation: 'relo' },
      {
        what: 'layer 1 (dense): activation is invalid',
        found: 'relo',
        expected: activationNames.map((name) => `"${name}"`).join(' or '),
        fix: 'did you mean "relu"?',
      },
    ],
    [
      'with an unknown padding',
      { type: 'conv2d', filters: 1, kernelSize: 1, padding: 'full' },
      { what: 'layer 1 (conv2d): padding is invalid', found: 'full', expected: '"valid" or "same"' },
    ],
    [
      'without what it needs',
      { type: 'conv2d', filters: 3 },
      { what: 'layer 1 (conv2d) lacks kernelSize', found: 'nothing', expected: 'a positive integer or a pair of them' },
    ],
    ['without units', { type: 'dense' }, { what: 'layer 1 (dense) lacks units', expected: 'an integer >= 1' }],
    ...([0, -1, 2.5, Number.NaN, Infinity, '3', null, true] as const).map(
      (units) =>
        [
          `with ${units} units`,
          { type: 'dense', units },
          { what: 'layer 1 (dense): units is invalid', found: units, expected: 'an integer >= 1' },
        ] as [string, unknown, Partial<ErrorParts>],
    ),
    ...([0, -1, [3, 0], [3, 3, 3], [3], Number.NaN, '3x3'] as const).map(
      (kernelSize) =>
        [
          `with a window of ${JSON.stringify(kernelSize)}`,
          { type: 'conv2d', filters: 1, kernelSize },
          { what: expect.stringContaining('kernelSize'), expected: 'a positive integer or a pair of them' },
        ] as [string, unknown, Partial<ErrorParts>],
    ),
    [
      'with a bias that is neither there nor not',
      { type: 'dense', units: 3, useBias: 'yes' },
      { what: 'layer 1 (dense): useBias is invalid', found: 'yes', expected: 'true or false' },
    ],
    [
      'with an unknown initialiser',
      { type: 'dense', units: 3, kernelInitializer: 'he_normal' },
      {
        what: 'layer 1 (dense): kernelInitializer is unknown',
        found: 'he_normal',
        expected:
          'one of glorotUniform, glorotNormal, heUniform, heNormal, lecunUniform, lecunNormal, randomUniform, randomNormal, ' +
          'truncatedNormal, orthogonal, zeros, ones, constant',
        fix: 'did you mean "heNormal"?',
      },
    ],
    [
      'with an initialiser of no type',
      { type: 'dense', units: 3, biasInitializer: { value: 3 } },
      { what: 'layer 1 (dense): biasInitializer is unknown', found: { value: 3 } },
    ],
    [
      'with an initialiser that is a number',
      { type: 'dense', units: 3, biasInitializer: 3 },
      { what: 'layer 1 (dense): biasInitializer is unknown', found: 3 },
    ],
    [
      'with a constant of nothing',
      { type: 'conv2d', filters: 3, kernelSize: 1, biasInitializer: 'constant' },
      { what: 'layer 1 (conv2d): biasInitializer constant lacks value', expected: 'a finite number' },
    ],
    [
      'with a misspelt number of an initialiser',
      { type: 'dense', units: 3, kernelInitializer: { type: 'heNormal', scal: 2 } },
      {
        what: 'layer 1 (dense): kernelInitializer heNormal has no option scal',
        expected: 'one of type, scale',
        fix: 'did you mean "scale"?',
      },
    ],
    ...([Number.NaN, Infinity, '2', null] as const).map(
      (scale) =>
        [
          `with an initialiser scaled by ${scale}`,
          { type: 'dense', units: 3, kernelInitializer: { type: 'heNormal', scale } },
          { what: expect.stringContaining('scale is invalid'), found: scale, expected: 'a finite number' },
        ] as [string, unknown, Partial<ErrorParts>],
    ),
    [
      'with an orthogonal vector',
      { type: 'conv2d', filters: 3, kernelSize: 1, biasInitializer: 'orthogonal' },
      { what: 'Layer 1 (conv2d): biasInitializer: orthogonal requires a tensor with at least two axes', found: [3] },
    ],
    [
      'with a range that ends before it begins',
      { type: 'dense', units: 3, kernelInitializer: { type: 'randomUniform', maxval: -1 } },
      {
        what: 'layer 1 (dense): kernelInitializer randomUniform: invalid maxval',
        found: -1,
        expected: 'at least minval, -0.05',
      },
    ],
    [
      'with a negative deviation',
      { type: 'dense', units: 3, kernelInitializer: { type: 'randomNormal', stddev: -1 } },
      { what: expect.stringContaining('stddev is invalid'), found: -1, expected: 'a number >= 0' },
    ],
    ...([-1, Number.NaN, '0.1'] as const).map(
      (l2) =>
        [
          `with an L2 of ${l2}`,
          { type: 'dense', units: 3, kernelRegularizer: { l2 } },
          {
            what: 'layer 1 (dense): kernelRegularizer: l2 is invalid',
            found: l2,
            expected: 'a number >= 0',
          },
        ] as [string, unknown, Partial<ErrorParts>],
    ),
    [
      'with a regularizer that is a name',
      { type: 'dense', units: 3, biasRegularizer: 'l2' },
      {
        what: 'layer 1 (dense): biasRegularizer is invalid',
        found: 'l2',
        expected: '{ "l1": <a number >= 0> }, { "l2": <a number >= 0> } or both',
      },
    ],
    [
      'with a regularizer of nothing',
      { type: 'dense', units: 3, biasRegularizer: {} },
      { what: 'layer 1 (dense): biasRegularizer is invalid', found: {} },
    ],
    [
      'with an unknown regularizer',
      { type: 'dense', units: 3, biasRegularizer: { l3: 0.1 } },
      { what: 'layer 1 (dense): biasRegularizer has no option l3', expected: 'one of l1, l2' },
    ],
    ...(['conv2d', 'depthwiseConv2d', 'separableConv2d', 'conv2dTranspose'] as const).map(
      (type) =>
        [
          `of type ${type} with strides and a dilationRate, each along another axis`,
          {
            ...{ type, kernelSize: 2, strides: [1, 2], dilationRate: [2, 1] },
            ...(type !== 'depthwiseConv2d' && { filters: 1 }),
          },
          {
            what: `layer 1 (${type}): strides and dilationRate are both above 1`,
            found: 'strides [1,2] and dilationRate [2,1]',
            expected: 'strides of 1 or a dilationRate of 1',
            fix: 'set one of them to 1',
            place: [0, 'dilationRate'],
          },
        ] as [string, unknown, Partial<ErrorParts>],
    ),
    [
      'with noise that Keras refuses',
      { type: 'gaussianNoise', stddev: 1.5 },
      { what: 'layer 1 (gaussianNoise): stddev is invalid', found: 1.5, expected: 'a number from 0 to 1' },
    ],
    ['with an empty name', { type: 'flatten', name: '' }, { what: 'layer 1 (flatten): name is invalid' }],
  ])('%s', (_, layer, parts) => {
    expect(partsOf(sequentially(model(layer, softmax)))).toMatchObject(parts);
  });

  test.each<[string, () => unknown, string]>([
    ['conv2d', () => conv2d({ filters: 3, kernelSize: 3, activation: 'rely' as 'relu' }), 'did you mean "relu"?'],
    ['maxPooling2d', () => maxPooling2d({ poolsize: 2 } as object), 'did you mean "poolSize"?'],
    ['flatten', () => flatten({ nane: 'a' } as object), 'did you mean "name"?'],
    ['dense', () => dense({ units: 3, useBais: true } as never), 'did you mean "useBias"?'],
  ])('%s() checks at once', (_, call, fix) => {
    expect(partsOf(call).fix).toBe(fix);
  });

  test('what the functions give is the JSON itself', () => {
    expect(conv2d({ filters: 3, kernelSize: [1, 2] })).toEqual({ type: 'conv2d', filters: 3, kernelSize: [1, 2] });
    expect([maxPooling2d(), flatten(), dense({ units: 2 })]).toEqual([
      { type: 'maxPooling2d' },
      { type: 'flatten' },
      { type: 'dense', units: 2 },
    ]);
  });
});

describe('a model', () => {
  const convolution = { type: 'conv2d', filters: 2, kernelSize: 3 };

  test.each<[string, unknown, Partial<ErrorParts>]>([
    ['that is nothing', undefined, { what: 'The model is not an object', found: undefined }],
    ['that is a list', [], { what: 'The model is not an object', found: [] }],
    [
      'with an unknown option',
      { inputShap: [8, 8, 1], layers: [softmax] },
      { what: 'A model has no option inputShap', fix: 'did you mean "inputShape"?' },
    ],
    ...([undefined, [8, 8], [8, 8, 1, 1], [8, 0, 1], [8, 8.5, 1], [8, Number.NaN, 1], '8x8x1'] as const).map(
      (inputShape) =>
        [
          `with the shape ${JSON.stringify(inputShape)}`,
          { inputShape, layers: [softmax] },
          {
            what: "The model's inputShape is invalid",
            found: inputShape,
            expected: 'three positive integers: [height, width, channels]',
          },
        ] as [string, unknown, Partial<ErrorParts>],
    ),
    ['with no layer', model(), { what: 'The model has no layers', found: [] }],
    ['with no layers at all', { inputShape: [8, 8, 1] }, { what: 'The model has no layers', found: undefined }],
    [
      'with softmax in the middle',
      model({ type: 'flatten' }, { ...softmax, units: 5 }, softmax),
      {
        what: 'Layer 2 (dense) has softmax in the middle of the model',
        found: 'softmax in layer 2 of 3',
        expected: 'softmax in the last layer only',
        fix: 'use relu, tanh, sigmoid or linear here',
      },
    ],
    [
      'with a dense layer on images',
      model(convolution, softmax),
      {
        what: 'Layer 2 (dense) needs a flat input',
        found: [6, 6, 2],
        expected: '[units]',
        fix: 'put { "type": "flatten" } before it',
      },
    ],
    [
      'with a convolution behind flatten',
      model({ type: 'flatten' }, convolution),
      { what: 'Layer 2 (conv2d) needs images', found: [64], expected: '[height, width, channels]' },
    ],
    [
      'with a pool behind flatten',
      model({ type: 'flatten' }, { type: 'maxPooling2d' }),
      { what: 'Layer 2 (max_pooling2d) needs images', found: [64] },
    ],
    [
      'whose window is larger than its input',
      model(convolution, convolution, convolution, { ...convolution, kernelSize: [2, 4] }),
      {
        what: 'Layer 4 (conv2d_3): its window of 2 x 4 is larger than its input',
        found: [2, 2, 2],
        expected: 'at least [2, 4, channels]',
        fix: 'use padding "same", a smaller window or fewer pools before it',
      },
    ],
    [
      'whose pool is larger than its place in memory',
      model({ type: 'maxPooling2d', poolSize: [16, 17], padding: 'same' }),
      { what: 'Layer 1 (max_pooling2d): the pool is too large', found: [16, 17] },
    ],
    [
      'with a name twice',
      model({ ...convolution, name: 'a' }, { ...convolution, name: 'a' }),
      { what: 'Two layers have the same name', found: 'a' },
    ],
    [
      'with a name that the next layer would have got',
      model({ ...convolution, name: 'conv2d_1' }, convolution),
      { what: 'Two layers have the same name', found: 'conv2d_1' },
    ],
  ])('%s', (_, json, parts) => {
    expect(partsOf(sequentially(json))).toMatchObject(parts);
  });

  test.each<[string, unknown[], string]>([
    ['without softmax', [{ type: 'flatten' }, { type: 'dense', units: 3 }], 'dense with linear as the last layer'],
    ['that ends in images', [convolution], 'conv2d with linear as the last layer'],
    ['that ends in flatten', [{ type: 'flatten' }], 'flatten as the last layer'],
    [
      'whose softmax is of a convolution',
      [{ ...convolution, activation: 'softmax' }],
      'conv2d with softmax as the last layer',
    ],
  ])('%s is no classifier', (_, layers, found) => {
    const parts = partsOf(() =>
      requireEnding(compileModel(model(...layers) as never), 'sparseCategoricalCrossentropy'),
    );
    expect(parts).toMatchObject({ found, expected: 'a dense layer with softmax and one unit per class' });
  });

  test('sequential gives the JSON back', () => {
    const json = model({ type: 'flatten' }, softmax) as never;
    expect(sequential(json)).toBe(json);
  });
});

const optimizers = 'one of adam, sgd, adamW, nadam, adamax, rmsprop, adagrad, lion, muon';

describe('an optimizer', () => {
  test.each<[string, unknown, Partial<ErrorParts>]>([
    ['of an unknown type', { type: 'adm' }, { what: 'Unknown optimizer', found: 'adm', fix: 'did you mean "adam"?' }],
    [
      'of an unknown name',
      'sgdd',
      { what: 'Unknown optimizer', found: 'sgdd', expected: optimizers, fix: 'did you mean "sgd"?' },
    ],
    ['of no type', {}, { what: 'Unknown optimizer', expected: optimizers }],
    ['that is null', null, { what: 'Unknown optimizer', found: null }],
    [
      'with an option of another one',
      { type: 'adam', momentum: 0.9 },
      {
        what: 'adam has no option momentum',
        expected:
          'one of type, learningRate, beta1, beta2, epsilon, amsgrad, clipnorm, clipvalue, globalClipnorm, weightDecay, ' +
          'useEma, emaMomentum, emaOverwriteFrequency',
      },
    ],
    [
      'with an option in snake case',
      { type: 'adam', learning_rate: 0.1 },
      { what: 'adam has no option learning_rate', fix: 'did you mean "learningRate"?' },
    ],
    ...([-0.1, Number.NaN, Infinity, '0.1', null] as const).map(
      (learningRate) =>
        [
          `with the learning rate ${learningRate}`,
          { type: 'sgd', learningRate },
          {
            what: 'sgd: learningRate is invalid',
            found: learningRate,
            expected: 'a number >= 0, or a schedule such as { type: "cosineDecay", ... }',
          },
        ] as [string, unknown, Partial<ErrorParts>],
    ),
    [
      'with beta1 of 1',
      { type: 'adam', beta1: 1 },
      { what: 'adam: beta1 is invalid', expected: 'a number from 0 to 0.999999' },
    ],
    ['with a negative beta2', { type: 'adam', beta2: -0.1 }, { what: 'adam: beta2 is invalid' }],
    [
      'with an epsilon of 0',
      { type: 'adam', epsilon: 0 },
      { what: 'adam: epsilon is invalid', expected: 'a number > 0' },
    ],
    [
      'with too much momentum',
      { type: 'sgd', momentum: 1.1 },
      { what: 'sgd: momentum is invalid', expected: 'a number from 0 to 1' },
    ],
    ...(['clipnorm', 'clipvalue', 'globalClipnorm'] as const).flatMap((name) =>
      [0, -1, Number.NaN, Infinity, '1'].map(
        (most) =>
          [
            `with ${name} of ${most}`,
            { type: 'adam', [name]: most },
            { what: `adam: ${name} is invalid`, found: most, expected: 'a number > 0' },
          ] as [string, unknown, Partial<ErrorParts>],
      ),
    ),
    [
      'that clips in two ways',
      { type: 'sgd', clipvalue: 2, globalClipnorm: 1 },
      {
        what: 'sgd clips gradients in more than one way',
        found: { clipvalue: 2, globalClipnorm: 1 },
        expected: 'one of clipnorm, clipvalue, globalClipnorm',
        fix: 'leave out globalClipnorm',
      },
    ],
    [
      "with Keras' spelling of a clip",
      { type: 'sgd', global_clipnorm: 1 },
      { what: 'sgd has no option global_clipnorm', fix: 'did you mean "globalClipnorm"?' },
    ],
    [
      'with a negative weight decay',
      { type: 'sgd', weightDecay: -0.1 },
      { what: 'sgd: weightDecay is invalid', found: -0.1, expected: 'a number >= 0' },
    ],
    [
      'with half a nesterov',
      { type: 'sgd', nesterov: 0.5 },
      { what: 'sgd: nesterov is invalid', expected: 'true or false' },
    ],
  ])('%s', (_, config, parts) => {
    expect(partsOf(() => fillOptimizer(config as never))).toMatchObject(parts);
  });

  test('adam() and sgd() validate immediately, and return JSON', () => {
    expect(partsOf(() => adam({ learningRate: -1 })).what).toBe('adam: learningRate is invalid');
    expect(partsOf(() => sgd({ learningrate: 1 } as object)).fix).toBe('did you mean "learningRate"?');
    expect(partsOf(() => sgd({ lr: 1 } as object)).fix).toBe('did you mean "learningRate"?');
    expect(adam({ beta1: 0.5 })).toEqual({ type: 'adam', beta1: 0.5 });
    expect(sgd()).toEqual({ type: 'sgd' });
    expect(fillOptimizer('adam')).toEqual({
      type: 'adam',
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      amsgrad: false,
      useEma: false,
      emaMomentum: 0.99,
    });
    expect(fillOptimizer('sgd')).toEqual({
      type: 'sgd',
      learningRate: 0.01,
      momentum: 0,
      nesterov: false,
      useEma: false,
      emaMomentum: 0.99,
    });
  });
});
