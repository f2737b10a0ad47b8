import { describe, expect, test } from 'vitest';
import { ConfigurationError, type ErrorParts } from '../../src/errors.ts';
import type { Model } from '../../src/index.ts';
import { compileModel, sequential } from '../../src/model/graph.ts';
import { requireTrained } from '../../src/model/require_trained.ts';
import { type PlanLimits, Planner } from '../../src/plan/planner.ts';
import { planTraining } from '../../src/train/plan_training.ts';

// Invalid graphs: each is rejected with what was found, what is expected and, if the cause is likely, how to fix it.

function errorOf(call: () => unknown): ErrorParts {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as ConfigurationError).exitCode).toBe(2);
    return (error as ConfigurationError).parts;
  }
  throw new Error('nothing was thrown');
}

async function rejectionOf(call: () => Promise<unknown>): Promise<ErrorParts> {
  const outcome = await call().then(
    () => undefined,
    (error: unknown) => error,
  );
  return errorOf(() => {
    if (outcome !== undefined) throw outcome;
  });
}

const convolution = (filters: number, more: object = {}) => ({
  type: 'conv2d',
  filters,
  kernelSize: 3,
  padding: 'same',
  ...more,
});
const flatten = { type: 'flatten' };
const softmax = { type: 'dense', units: 3, activation: 'softmax' };
const end = [flatten, softmax];

/** [title, the layers before flatten and softmax, parts of the error]; images are 8 x 8 x 4. */
type Case = [string, unknown[], Partial<Record<keyof ErrorParts, unknown>>];

const names: Case[] = [
  [
    'an unknown layer',
    [{ type: 'batchNormalisation' }],
    { what: 'layer 1 has an unknown type', found: 'batchNormalisation', fix: 'did you mean "batchNormalization"?' },
  ],
  [
    'a layer whose name is truncated',
    [{ type: 'batchNorm' }],
    { what: 'layer 1 has an unknown type', found: 'batchNorm', fix: 'did you mean "batchNormalization"?' },
  ],
  [
    'an option whose name is truncated',
    [{ type: 'gaussianNoise', std: 0.1 }],
    { what: 'layer 1 (gaussianNoise) has no option std', fix: 'did you mean "stddev"?' },
  ],
  [
    'an unknown option of a layer',
    [{ type: 'batchNormalization', momentun: 0.9 }],
    { what: 'layer 1 (batchNormalization) has no option momentun', fix: 'did you mean "momentum"?' },
  ],
  [
    'an unknown activation',
    [convolution(4), { type: 'activation', activation: 'leakyrelo' }],
    { what: expect.stringContaining('layer 2 (activation)'), found: 'leakyrelo', fix: 'did you mean "leakyRelu"?' },
  ],
  [
    'an unknown input',
    [convolution(4, { name: 'stem' }), convolution(4, { name: 'side' }), { type: 'add', inputs: ['stme', 'side'] }],
    {
      what: 'Layer 3 (add) has an input that is not the name of a layer',
      found: 'stme',
      expected: 'one of input, stem, side, flatten, dense',
      fix: 'did you mean "stem"?',
    },
  ],
  [
    'a name twice',
    [convolution(4, { name: 'stem' }), convolution(4, { name: 'stem' })],
    { what: 'Two layers have the same name', found: 'stem', expected: 'a different name for each layer' },
  ],
];

const wiring: Case[] = [
  [
    'inputs that count back too far',
    [convolution(4), { type: 'add', inputs: [-1, -3] }],
    { what: 'Layer 2 (add) has an input that refers to a layer before the first one', found: -3, expected: /-1 to -2/ },
  ],
  [
    'inputs that count forward',
    [convolution(4), { type: 'add', inputs: [-1, 1] }],
    { what: expect.stringContaining('layer 2 (add)'), found: [-1, 1], expected: /negative integers/ },
  ],
  [
    'a merge with one input',
    [convolution(4), { type: 'add' }],
    { what: 'Layer 2 (add) takes at least 2 inputs', found: 'the layer before it', expected: /"inputs": \[/ },
  ],
  [
    'two inputs of a layer that takes one',
    [convolution(4), convolution(4, { inputs: [-1, 'input'] })],
    { what: 'Layer 2 (conv2d_1) takes 1 input', found: '2: -1, input' },
  ],
  ['an empty list of inputs', [convolution(4, { inputs: [] })], { what: expect.stringContaining('inputs'), found: [] }],
  [
    'a branch that nobody uses',
    [convolution(4, { name: 'stem' }), convolution(4, { name: 'side' }), convolution(4, { inputs: ['stem'] })],
    {
      what: 'A branch of the model leads nowhere',
      found: /^side, dense: the output of each is used by no layer$/,
      fix: /name side in the inputs of another layer/,
    },
  ],
  [
    'a cycle',
    [
      convolution(4, { name: 'stem' }),
      { type: 'add', name: 'a', inputs: ['stem', 'b'] },
      convolution(4, { name: 'b', inputs: ['a'] }),
    ],
    { what: 'The layers form a cycle', found: /^(a -> b -> a|b -> a -> b)$/, expected: /without cycles/ },
  ],
  [
    'a layer that takes itself',
    [convolution(4, { name: 'stem', inputs: ['stem'] })],
    { what: 'The layers form a cycle', found: 'stem -> stem' },
  ],
];

const shapes: Case[] = [
  [
    'a sum of other heights and widths',
    [convolution(4, { strides: 2 }), { type: 'add', inputs: [-1, 'input'] }],
    {
      what: "Layer 2 (add) can't merge inputs of these shapes",
      found: '[4, 4, 4] and [8, 8, 4]',
      expected: 'shapes of as many axes, each axis equal or 1',
      fix: /the same filters, strides and padding/,
    },
  ],
  [
    'a sum of other channels',
    [convolution(8), { type: 'average', inputs: [-1, 'input'] }],
    { what: /^Layer 2 \(average\)/, found: '[8, 8, 8] and [8, 8, 4]' },
  ],
  [
    'a product of images and a vector',
    [
      { ...flatten, name: 'flat' },
      { type: 'multiply', inputs: ['input', 'flat'] },
    ],
    { what: /^Layer 2 \(multiply\)/, found: '[8, 8, 4] and [256]' },
  ],
  [
    'a concatenation of other heights',
    [convolution(4, { strides: 2 }), { type: 'concatenate', inputs: [-1, 'input'] }],
    { what: /^Layer 2 \(concatenate\)/, found: '[4, 4, 4] and [8, 8, 4]', expected: /along axis 3 alone/ },
  ],
  [
    'a concatenation along an axis that is not there',
    [convolution(4), { type: 'concatenate', axis: 4, inputs: [-1, 'input'] }],
    { what: 'Layer 2 (concatenate): there is no axis 4', found: 'axis 4 of [batch, 8, 8, 4]', expected: /from 1 to 3/ },
  ],
  ...[4, -4, 0].map(
    (axis): Case => [
      `a normalization over axis ${axis}`,
      [{ type: 'layerNormalization', axis }],
      {
        what: `Layer 1 (layer_normalization): there is no axis ${axis}`,
        found: `axis ${axis} of [batch, 8, 8, 4]`,
        expected: /from 1 to 3, or from -1 to -3/,
      },
    ],
  ),
  [
    'a batch normalization over an axis that is not there',
    [{ type: 'batchNormalization', axis: 5 }],
    { what: /^Layer 1 \(batch_normalization\)/, found: /5/ },
  ],
  ...[-0.1, 1, 1.5, '0.5', null].map(
    (rate): Case => [
      `a dropout rate of ${rate}`,
      [{ type: 'dropout', rate }],
      { what: expect.stringContaining('layer 1 (dropout): rate'), found: rate, expected: /a number from 0 to 1/ },
    ],
  ),
  [
    'a spatial dropout of everything',
    [{ type: 'spatialDropout2d', rate: 1 }],
    { what: expect.stringContaining('rate'), found: 1, expected: /from 0 to 1/ },
  ],
  [
    'groups that do not divide the filters',
    [convolution(6, { groups: 4 })],
    {
      what: /^Layer 1 \(conv2d\): its groups/,
      found: '4 groups, 4 channels, 6 filters',
      expected: 'a divisor of both',
    },
  ],
  [
    'groups that do not divide the channels',
    [convolution(6, { groups: 3 })],
    { found: '3 groups, 4 channels, 6 filters' },
  ],
  [
    'groups of a normalization that do not divide the channels',
    [{ type: 'groupNormalization', groups: 3 }],
    { what: /its groups don't divide the channels/, found: '3 groups, 4 channels' },
  ],
  [
    "Keras' 32 groups of 4 channels",
    [{ type: 'groupNormalization' }],
    { what: /its groups don't divide the channels/, found: '32 groups, 4 channels' },
  ],
  [
    'a shape of other elements',
    [{ type: 'reshape', targetShape: [5, 5, 5] }],
    { what: /^Layer 1 \(reshape\)/, found: /256/ },
  ],
];

describe.each([
  ['names', names],
  ['inputs', wiring],
  ['shapes and options', shapes],
])('%s', (_, cases) => {
  test.each(cases)('%s', (_, layers, expected) => {
    const parts = errorOf(() => sequential({ inputShape: [8, 8, 4], layers: [...layers, ...end] } as unknown as Model));
    for (const [part, text] of Object.entries(expected)) {
      const said = parts[part as keyof ErrorParts];
      if (text instanceof RegExp) expect(said, part).toMatch(text);
      else expect(said, part).toEqual(text);
    }
    expect(parts, 'says what was found').toHaveProperty('found');
    expect(parts.expected ?? parts.fix, 'says what to do').toBeTruthy();
  });
});

test('two outputs: the last layer is the input of another one, and a third layer is not used', () => {
  const layers = [
    convolution(4, { name: 'stem' }),
    { ...flatten, inputs: ['stem'] },
    { ...softmax, name: 'first' },
    { ...flatten, name: 'flat', inputs: ['stem'] },
    { ...softmax, name: 'second' },
  ];
  const parts = errorOf(() => sequential({ inputShape: [8, 8, 4], layers } as unknown as Model));
  expect(parts).toMatchObject({
    what: 'A branch of the model leads nowhere',
    found: 'first, second: the output of each is used by no layer',
    expected: 'one output: a single layer that no other takes as an input',
  });
  const [first, ...others] = layers;
  const turned = { inputShape: [8, 8, 4], layers: [...others, { ...first, inputs: ['input'] }] } as unknown as Model;
  expect(errorOf(() => sequential(turned))).toMatchObject({
    what: 'The model has more than one output',
    found: 'first, second: the output of each is used by no layer',
  });
});

describe('a model that is too large for the adapter', () => {
  const model = {
    inputShape: [28, 28, 1],
    layers: [{ type: 'conv2d', filters: 32, kernelSize: 3 }, flatten, softmax],
  } as Model;
  const facts = { imageShape: [28, 28, 1] as [number, number, number], count: 100 };
  const traits = { software: true, subgroupSize: 4 };
  const planWith = (mostBytes: number, batchSize: number) => () =>
    planTraining({ model, batchSize }, facts, { traits, limits: { mostBytes, mostArenaBytes: mostBytes } });

  test('weights, activations and images: the buffer, its size, the limit, and what to lower', async () => {
    const weights = 4 * (3 * 26 * 26 * 32);
    expect(weights / 2 ** 20).toBeCloseTo(0.25, 1);
    const all = await planWith(2 ** 26, 4)();
    const largest = Math.max(...all.buffers.map(({ bytes }) => bytes));
    await expect(planWith(largest, 4)()).resolves.toBeDefined();
    for (const [mostBytes, batchSize, label] of [
      [weights / 2, 1, 'weights'],
      [2 ** 20, 64, 'conv2d.y'],
    ] as const) {
      const { what, found, expected, fix } = await rejectionOf(planWith(mostBytes, batchSize));
      expect(what).toBe(`${label} is larger than this adapter can bind`);
      expect(found).toMatch(/^\d+\.\d MiB$/);
      expect(expected).toBe(`at most ${(mostBytes / 2 ** 20).toFixed(1)} MiB`);
      expect(fix).toMatch(/smaller batch or a smaller model/);
    }
  });

  test('more workgroups than a dispatch may have: the layer, and what to lower', async () => {
    const layers = [flatten, { type: 'dense', units: 600_000 }, { ...softmax, name: 'last' }];
    const large = { inputShape: [28, 28, 1], layers } as Model;
    const limits = { mostBytes: 2 ** 34, mostArenaBytes: 2 ** 34 };
    const { what, found, expected, fix } = await rejectionOf(() =>
      planTraining({ model: large }, facts, { traits, limits }),
    );
    expect(what).toBe('Layer dense is too large: dense_backward_w needs too many workgroups');
    expect(found).toEqual([114844, 1, 1]);
    expect(expected).toBe('at most 65535 per dimension');
    expect(fix).toMatch(/fewer units/);
  });

  test('the planner rejects each buffer separately, before any is created', () => {
    const limits: PlanLimits = { mostBytes: 1024, mostArenaBytes: 1024 };
    const planner = new Planner(traits, limits);
    planner.buffer('state', 'fits', 256);
    expect(errorOf(() => planner.buffer('state', 'does not', 257)).what).toMatch(/^does not is larger/);
    const tensors = [
      { label: 'a', elements: 200 },
      { label: 'b', elements: 100 },
    ];
    expect(errorOf(() => planner.arena('parameters', 'both', tensors)).what).toMatch(/^both is larger/);
    expect(planner.buffers.map(({ label }) => label)).toEqual(['fits']);
  });
});

test('a model with nothing to train: which layers are frozen', () => {
  const compiled = (layers: unknown[]) => compileModel({ inputShape: [2, 2, 1], layers } as Model);
  const frozen = compiled([flatten, { ...softmax, trainable: false }]);
  expect(errorOf(() => requireTrained(frozen))).toMatchObject({
    what: 'The model has nothing to train',
    found: 'trainable: false in dense',
  });
  const empty = compiled([flatten, { type: 'activation', activation: 'softmax' }]);
  expect(errorOf(() => requireTrained(empty))).toMatchObject({ found: 'no layer with weights' });
  expect(() => requireTrained(compiled([flatten, softmax]))).not.toThrow();
});
