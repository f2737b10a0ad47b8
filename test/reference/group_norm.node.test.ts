import { describe, expect, test } from 'vitest';
import type { Activation } from '../../src/kernels/activation.ts';
import { asGroupNorm } from '../../src/kernels/layer_norm.ts';
import { activate, derivative } from '../../src/reference/activation.ts';
import { groupNormBackwardSums, groupNormBackwardX, groupNormForward } from '../../src/reference/group_norm.ts';
import { layerNormBackwardSums, layerNormBackwardX, layerNormForward } from '../../src/reference/layer_norm.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { torchNorm } from '../fixtures/torch_norm.ts';
import { dot, expectGradient, numbers } from './central_differences.ts';

const options = {
  epsilon: 1e-3,
  scale: true,
  center: true,
  residual: false,
  activation: 'linear' as Activation,
  inActivation: 'linear' as Activation,
  keepsStatistics: true,
  chunks: 1,
};

const group = { ...options, instances: 3, instancesPerSample: 1, pixels: 4, channels: 6, groups: 2 };
const groupDepartures: [string, Partial<typeof group>][] = [
  ['the control', {}],
  ['one instance', { instances: 1 }],
  ['one group', { groups: 1 }],
  ['a group for each channel', { groups: 6, pixels: 9 }],
  ['several instances in a sample', { instances: 4, instancesPerSample: 2 }],
  ['one pixel', { pixels: 1 }],
  ['no gamma', { scale: false }],
  ['no beta', { center: false }],
  ['a residual and relu', { residual: true, activation: 'relu' }],
  ['tanh, and sigmoid made x', { activation: 'tanh', inActivation: 'sigmoid' }],
];

const layer = { ...options, batch: 3, rows: 2, size: 5 };
const layerDepartures: [string, Partial<typeof layer>][] = [
  ['the control', {}],
  ['one row', { batch: 1, rows: 1 }],
  ['a sample that is one row', { rows: 1 }],
  ['no gamma', { scale: false }],
  ['no beta', { center: false }],
  ['a residual and relu', { residual: true, activation: 'relu' }],
  ['tanh, and sigmoid made x', { activation: 'tanh', inActivation: 'sigmoid' }],
];

/** The three passes of either normalization, over a tensor in which `real` elements belong to real samples. */
interface Passes {
  elements: number;
  parameters: number;
  forward(
    x: Float64Array,
    gamma: Float64Array,
    beta: Float64Array,
    residual: Float64Array,
  ): ReturnType<typeof groupNormForward>;
  backwardX(
    x: Float64Array,
    dy: Float64Array,
    statistics: Float64Array,
    gamma: Float64Array,
    count: number,
  ): Float64Array;
  backwardSums(
    x: Float64Array,
    dy: Float64Array,
    statistics: Float64Array,
    count: number,
  ): ReturnType<typeof groupNormBackwardSums>;
}

const groupPasses = (s: typeof group): Passes => ({
  elements: s.instances * s.pixels * s.channels,
  parameters: s.channels,
  forward: (x, gamma, beta, residual) => groupNormForward(s, { x, gamma, beta, residual }),
  backwardX: (x, dy, statistics, gamma, count) => groupNormBackwardX(s, { x, dy, statistics, gamma, count }).dx,
  backwardSums: (x, dy, statistics, count) => groupNormBackwardSums(s, { x, dy, statistics, count }),
});

const layerPasses = (s: typeof layer): Passes => ({
  elements: s.batch * s.rows * s.size,
  parameters: s.size,
  forward: (x, gamma, beta, residual) => layerNormForward(s, { x, gamma, beta, residual }),
  backwardX: (x, dy, statistics, gamma, count) => layerNormBackwardX(s, { x, dy, statistics, gamma, count }).dx,
  backwardSums: (x, dy, statistics, count) => layerNormBackwardSums(s, { x, dy, statistics, count }),
});

const cases = [
  ...groupDepartures.map(([title, departure]) => {
    const s = { ...group, ...departure };
    return [`group norm, ${title}`, s, groupPasses(s), s.instances / s.instancesPerSample] as const;
  }),
  ...layerDepartures.map(([title, departure]) => {
    const s = { ...layer, ...departure };
    return [`layer norm, ${title}`, s, layerPasses(s), s.batch] as const;
  }),
];

describe.each(cases)('gradients against central differences: %s', (_, s, passes, samples) => {
  test.each([...new Set([samples, Math.max(1, samples - 1)])])('%i real samples', (count) => {
    const real = (count * passes.elements) / samples;
    const z = numbers(passes.elements, 1);
    const [gamma, beta] = [numbers(passes.parameters, 2), numbers(passes.parameters, 3)];
    const residual = numbers(passes.elements, 4);
    const out = numbers(passes.elements, 5).fill(0, real);
    const forward = () => {
      const x = z.map((value) => activate(s.inActivation, value)).fill(Number.NaN, real);
      return { x, ...passes.forward(x, gamma, beta, residual) };
    };
    const loss = () => dot(forward().y.subarray(0, real), out);
    const { x, y, statistics } = forward();
    const dy = out.map((value, i) => (i < real ? value * derivative(s.activation, y[i]!) : 0));
    const dx = passes.backwardX(x, dy, statistics, gamma, count);
    expectGradient('z', loss, z.subarray(0, real), dx.subarray(0, real));
    expect([...dx.subarray(real)].every((value) => value === 0)).toBe(true);
    const { dgamma, dbeta } = passes.backwardSums(x, dy, statistics, count);
    if (s.scale) expectGradient('gamma', loss, gamma, dgamma);
    if (s.center) expectGradient('beta', loss, beta, dbeta);
    if (s.residual) expectGradient('residual', loss, residual.subarray(0, real), dy.subarray(0, real));
  });
});

test.each(layerDepartures)(
  'the group normalization that stands for a layer normalization gives the same: %s',
  (_, d) => {
    const s = { ...layer, ...d, chunks: 2 };
    const { elements, parameters } = layerPasses(s);
    const [x, dy, residual] = [numbers(elements, 1), numbers(elements, 2), numbers(elements, 3)];
    const [gamma, beta] = [numbers(parameters, 4), numbers(parameters, 5)];
    const [of, as] = [layerPasses(s), groupPasses(asGroupNorm(s))];
    const { y, statistics } = of.forward(x, gamma, beta, residual);
    const other = as.forward(x, gamma, beta, residual);
    expectWithin('y', other.y, y, 1e-13);
    expectWithin('statistics', other.statistics, statistics, 1e-13);
    for (let count = 1; count <= s.batch; count++) {
      const dx = of.backwardX(x, dy, statistics, gamma, count);
      expectWithin('dx', as.backwardX(x, dy, statistics, gamma, count), dx, 1e-13);
      const sums = of.backwardSums(x, dy, statistics, count);
      const others = as.backwardSums(x, dy, statistics, count);
      expectWithin('dgamma', others.dgamma, sums.dgamma, 1e-13);
      expectWithin('dbeta', others.dbeta, sums.dbeta, 1e-13);
    }
  },
);

const torchCases = [
  ...Object.entries(torchNorm.layerNorm).map(([title, torch]) => {
    const [batch, pixels, channels] = torch.shape;
    const rows = (pixels * channels) / torch.size;
    return [
      `layer norm, ${title}`,
      torch,
      (own: typeof options) => layerPasses({ ...own, batch, rows, size: torch.size }),
    ] as const;
  }),
  ...Object.entries(torchNorm.groupNorm).map(([title, torch]) => {
    const [instances, pixels, channels] = torch.shape;
    const of = { instances, instancesPerSample: 1, pixels, channels, groups: torch.groups };
    return [`group norm, ${title}`, torch, (own: typeof options) => groupPasses({ ...own, ...of })] as const;
  }),
];

test.each(torchCases)('beside PyTorch: %s', (_, torch, passesOf) => {
  const passes = passesOf({
    ...options,
    epsilon: torchNorm.epsilon,
    scale: torch.gamma !== undefined,
    center: torch.beta !== undefined,
    residual: torch.residual !== undefined,
    activation: torch.activation,
  });
  // Both are float64 and the fixture has 13 digits; a mean of 10,000 costs four of float64's sixteen digits.
  const bound = 1e-12 * Math.max(1, ...torch.x.map(Math.abs));
  const [x, gamma, beta, residual] = [torch.x, torch.gamma ?? [], torch.beta ?? [], torch.residual ?? []].map(
    (values) => Float64Array.from(values),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const samples = torch.shape[0];
  const { y, statistics } = passes.forward(x, gamma, beta, residual);
  expectWithin('y', y, torch.y, bound);
  const dy = y.map((value, i) => torch.out[i]! * derivative(torch.activation, value));
  expectWithin('dx', passes.backwardX(x, dy, statistics, gamma, samples), torch.dx, bound);
  const { dgamma, dbeta } = passes.backwardSums(x, dy, statistics, samples);
  if (torch.dgamma) expectWithin('dgamma', dgamma, torch.dgamma, bound);
  if (torch.dbeta) expectWithin('dbeta', dbeta, torch.dbeta, bound);
  if (torch.dresidual) expectWithin('dresidual', dy, torch.dresidual, bound);
});
