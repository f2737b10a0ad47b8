import { describe, expect, test } from 'vitest';
import type { LayerHealth, VerdictName } from '../../src/health/health.ts';
import { thresholds } from '../../src/health/thresholds.ts';
import { VerdictWatch } from '../../src/health/verdicts.ts';
import type { ActivationName } from '../../src/model/activations.ts';
import json from '../fixtures/torch_verdicts.json';

// The thresholds are compared with measurements of PyTorch's networks: measure_torch_verdicts.py.

type Spread = [least: number, median: number, largest: number];

interface Measured {
  activation: ActivationName;
  /** In networks with branches, the next layer; otherwise the following one in the list. */
  next?: string;
  reach: Spread;
  transport: Spread | null;
  relativeGradient: Spread;
  dead: Spread;
  saturated: Spread;
}

const networks = Object.fromEntries(
  Object.entries(json.networks).map(([name, { layers }]) => [name, layers as unknown as Record<string, Measured>]),
);

/** The figures of a layer in a step. */
type Said = Record<'reach' | 'relativeGradient' | 'dead' | 'saturated' | 'transport', number>;
type Say = (measured: Measured) => Said;

const at =
  (place: number, ...figures: (keyof Said)[]): Say =>
  (measured) => {
    const of = (figure: keyof Said) => measured[figure]?.[figures.includes(figure) ? place : 1];
    return {
      reach: of('reach')!,
      relativeGradient: of('relativeGradient')!,
      dead: of('dead')!,
      saturated: of('saturated')!,
      transport: of('transport') ?? Number.NaN,
    };
  };
const median = at(1);
const [least, largest] = [0, 2];
/** Medians, except for figures that are at their most extreme on the way to a verdict. */
const worst: Record<Exclude<VerdictName, 'healthy' | 'symmetric' | 'non-finite'>, Say> = {
  weakening: at(least, 'reach', 'relativeGradient', 'transport'),
  vanishing: at(least, 'reach', 'relativeGradient'),
  exploding: at(largest, 'reach'),
  dead: at(largest, 'dead'),
  saturated: at(largest, 'saturated'),
};
/** The same on the way back from it. */
const best: typeof worst = {
  weakening: at(largest, 'reach', 'relativeGradient', 'transport'),
  vanishing: at(largest, 'reach', 'relativeGradient'),
  exploding: at(least, 'reach'),
  dead: at(least, 'dead'),
  saturated: at(least, 'saturated'),
};

const units = 1000;

function healthOf({ reach, relativeGradient, dead, saturated, transport }: Said): LayerHealth {
  const tensor = {
    gradientNorm: relativeGradient,
    gradientRms: relativeGradient,
    gradientMax: relativeGradient,
    weightNorm: 1,
    updateNorm: 1e-3,
    updateRatio: 1e-3,
  };
  return {
    ...tensor,
    tensors: { kernel: tensor },
    activation: { mean: 0, standardDeviation: 1, zeros: dead, saturated },
    units,
    dead: Math.round(dead * units),
    deltaRms: 1e-3 * reach,
    transport,
    nonFinite: { activations: 0, deltas: 0, gradients: 0, weights: 0 },
  };
}

/** Each layer's verdict after an epoch of each of these. */
function verdictsOf(network: string, ...epochs: Say[]): Record<string, VerdictName | undefined> {
  const layers = Object.entries(networks[network]!);
  const epochSteps = 47;
  const watch = new VerdictWatch(
    layers.map(([name, { activation, next }], i) => ({
      name,
      activation,
      next: next ? layers.findIndex(([other]) => other === next) : i + 1 < layers.length ? i + 1 : undefined,
    })),
    epochSteps,
  );
  const verdicts: Record<string, VerdictName | undefined> = {};
  for (let step = 1; step <= epochSteps * epochs.length; step++) {
    const epoch = Math.ceil(step / epochSteps);
    const say = epochs[epoch - 1]!;
    // The last layer is the reference for the others.
    const health = layers.map(([name, measured], i) => {
      return [name, healthOf(i + 1 < layers.length ? say(measured) : median(measured))] as const;
    });
    const told = watch.add({
      ...{ step, epoch, loss: 1, accuracy: 0.5, samples: 32, skipped: false, gradientNorms: {} },
      health: { layers: Object.fromEntries(health), transport: 1 },
    });
    for (const { layer, verdict } of told) verdicts[layer] = verdict;
  }
  return verdicts;
}

const learning = [
  'tutorial',
  'six-convolutions',
  'five-relu',
  'ten-relu',
  'two-tanh',
  'five-tanh',
  'three-sigmoid',
  'resnet20',
  'plain20',
] as const;

describe.each(learning)('%s learns, and is healthy', (network) => {
  const healthy = Object.fromEntries(Object.keys(networks[network]!).map((layer) => [layer, 'healthy']));

  test.each(Object.entries(worst))('at its nearest to %s', (_, say) => {
    expect(verdictsOf(network, say)).toEqual(healthy);
  });

  test.each([
    ['vanishing', { reach: 1e-9, relativeGradient: 1e-9 }],
    ['exploding', { reach: 1e9 }],
    ['dead', { dead: 1 }],
    ['saturated', { saturated: 1 }],
  ] as const)('and healthy again where it was %s', (verdict, said) => {
    const ill: Say = (measured) => {
      const counts = verdict !== 'dead' || measured.activation === 'relu';
      return { ...median(measured), ...(counts && said) };
    };
    const canBe =
      verdict !== 'dead' || Object.values(networks[network]!).some(({ activation }) => activation === 'relu');
    expect(Object.values(verdictsOf(network, ill)).includes(verdict)).toBe(canBe);
    expect(verdictsOf(network, ill, worst[verdict])).toEqual(healthy);
  });
});

/** The verdicts that the named layers have even at their healthiest, or most of the time. */
const ill: [string, Say, Record<string, VerdictName>][] = [
  [
    'deep-sigmoid',
    best.vanishing,
    {
      ...{ dense: 'vanishing', dense_1: 'vanishing', dense_2: 'vanishing' },
      ...{ dense_3: 'vanishing', dense_4: 'vanishing', dense_5: 'vanishing' },
    },
  ],
  [
    'plain20-sigmoid',
    best.vanishing,
    Object.fromEntries(
      Array.from({ length: 16 }, (_, i) => [i === 0 ? 'conv2d' : `conv2d_${i}`, 'vanishing' as const]),
    ),
  ],
  ['plain20-sigmoid', worst.vanishing, { conv2d_18: 'healthy', dense: 'healthy' }],
  // Normalizations fix it by bringing the inputs of a sigmoid back to where it is steep. Learning takes longer.
  [
    'plain20-sigmoid-batchnorm',
    median,
    Object.fromEntries(Object.keys(networks['plain20-sigmoid-batchnorm']!).map((layer) => [layer, 'healthy' as const])),
  ],
  // Three layers before the last hidden one, each passing on a quarter: milder than vanishing, but not healthy.
  ['deep-sigmoid', best.weakening, { dense_6: 'weakening', dense_7: 'healthy' }],
  ['deep-sigmoid', worst.vanishing, { dense_7: 'healthy', dense_8: 'healthy', dense_9: 'healthy' }],
  [
    'exploding-linear',
    best.exploding,
    { dense: 'exploding', dense_1: 'exploding', dense_4: 'exploding', dense_5: 'exploding', dense_6: 'exploding' },
  ],
  ['exploding-linear', worst.exploding, { dense_8: 'healthy', dense_9: 'healthy' }],
  ['exploding-relu', median, { dense: 'exploding', dense_1: 'exploding', dense_4: 'healthy', dense_9: 'healthy' }],
  ['dead-relu', best.dead, { dense: 'dead', dense_1: 'healthy' }],
  ['saturated-tanh', best.saturated, { dense: 'saturated', dense_1: 'healthy' }],
];

test.each(ill)('%s', (network, say, expected) => {
  expect(verdictsOf(network, say)).toMatchObject(expected);
});

test('a gradient is called small that no layer has which learns', () => {
  // Sigmoids pass on little: their relative gradient distinguishes them from sigmoids that learn nothing. Before a normalization,
  // the gradient of a kernel decreases as the kernel grows.
  const all = learning
    .filter((network) => !['three-sigmoid', 'resnet20', 'plain20'].includes(network))
    .flatMap((name) => Object.values(networks[name]!));
  const smallest = Math.min(...all.map(({ relativeGradient }) => relativeGradient[least]!));
  expect(smallest).toBeGreaterThan(2 * thresholds.vanishingGradient.leave);
  const vanishing = Object.keys(ill[0]![2]).map((layer) => networks['deep-sigmoid']![layer]!);
  expect(Math.max(...vanishing.map(({ relativeGradient }) => relativeGradient[largest]!))).toBeLessThan(
    thresholds.vanishingGradient.enter / 2,
  );
});
