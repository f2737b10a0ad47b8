import { describe, expect, test } from 'vitest';
import type { Activation } from '../../src/kernels/activation.ts';
import { activate, derivative } from '../../src/reference/activation.ts';
import {
  batchNormBackwardSums,
  batchNormBackwardX,
  batchNormCombine,
  batchNormFold,
  batchNormForward,
  batchNormMove,
  batchNormStatistics,
  batchStatistics,
} from '../../src/reference/batch_norm.ts';
import { denseForward } from '../../src/reference/dense.ts';
import { expectWithin } from '../../src/selftest/compare.ts';
import { type TorchBatchNorm, torchNorm } from '../fixtures/torch_norm.ts';
import { dot, expectGradient, numbers } from './central_differences.ts';

const control = {
  batch: 3,
  pixels: 4,
  channels: 3,
  /** Number of real samples. */
  count: 3,
  chunks: 1,
  epsilon: 1e-3,
  scale: true,
  center: true,
  residual: false,
  activation: 'linear' as Activation,
  inActivation: 'linear' as Activation,
  frozen: false,
};
type Case = typeof control;

const departures: [string, Partial<Case>][] = [
  ['the control', {}],
  ['one sample', { batch: 1, count: 1 }],
  ['a short batch', { batch: 4, count: 2 }],
  ['one pixel', { pixels: 1 }],
  ['no gamma', { scale: false }],
  ['no beta', { center: false }],
  ['a residual', { residual: true }],
  ['relu', { activation: 'relu', residual: true }],
  ['tanh, and tanh made x', { activation: 'tanh', inActivation: 'tanh' }],
  ['sigmoid made x', { inActivation: 'sigmoid', pixels: 1, batch: 5, count: 4 }],
  ['frozen', { frozen: true }],
  ['frozen, sigmoid made x', { frozen: true, inActivation: 'sigmoid', count: 2 }],
];

/** Fills empty slots with NaN, which must not be read. */
const spoil = (s: Case, tensor: Float64Array) => tensor.fill(Number.NaN, s.count * s.pixels * s.channels);

test.each(departures)('gradients against central differences: %s', (_, departure) => {
  const s = { ...control, ...departure };
  const elements = s.batch * s.pixels * s.channels;
  const real = s.count * s.pixels * s.channels;
  const z = numbers(elements, 1);
  const [gamma, beta, residual] = [numbers(s.channels, 2), numbers(s.channels, 3), numbers(elements, 4)];
  const out = numbers(elements, 5).fill(0, real);
  const moving = { mean: numbers(s.channels, 6), variance: numbers(s.channels, 7).map((u) => u + 1.5) };
  const forward = () => {
    const x = spoil(
      s,
      z.map((value) => activate(s.inActivation, value)),
    );
    const { mean, variance } = s.frozen ? moving : batchStatistics(s, { x, count: s.count });
    return { x, mean, variance, y: batchNormForward(s, { x, mean, variance, gamma, beta, residual }).y };
  };
  const loss = () => dot(forward().y.subarray(0, real), out.subarray(0, real));
  const { x, mean, variance, y } = forward();
  const dy = out.map((value, i) => (i < real ? value * derivative(s.activation, y[i]!) : 0));
  const { dgamma, dbeta } = batchNormBackwardSums(s, { x, dy, mean, variance, count: s.count });
  const { dx } = batchNormBackwardX(s, { x, dy, mean, variance, gamma, dgamma, dbeta, count: s.count });
  expectGradient('z', loss, z.subarray(0, real), dx.subarray(0, real));
  expect([...dx.subarray(real)].every((value) => value === 0)).toBe(true);
  if (s.scale) expectGradient('gamma', loss, gamma, dgamma);
  if (s.center) expectGradient('beta', loss, beta, dbeta);
  if (s.residual) expectGradient('residual', loss, residual.subarray(0, real), dy.subarray(0, real));
});

test.each([1, 2, 3, 5, 12])('%i chunks give the same', (chunks) => {
  const s = { ...control, chunks };
  for (const count of [3, 2, 1]) {
    const x = numbers(s.batch * s.pixels * s.channels, 1).map((u) => 100 + u);
    const dy = numbers(x.length, 2);
    const whole = batchStatistics(s, { x, count });
    const { mean, variance } = batchNormCombine(s, { ...batchNormStatistics(s, { x, count }), count });
    expectWithin('mean', mean, whole.mean, 1e-12);
    expectWithin('variance', variance, whole.variance, 1e-12);
    const sums = batchNormBackwardSums(s, { x, dy, ...whole, count });
    const all = batchNormBackwardSums({ ...s, chunks: 1 }, { x, dy, ...whole, count });
    for (const name of ['dgamma', 'dbeta'] as const) {
      const sum = all[name].map((_, c) => sums[name].reduce((a, v, i) => (i % s.channels === c ? a + v : a), 0));
      expectWithin(name, sum, all[name], 1e-12);
    }
  }
});

test('folded into a dense layer it gives what both give', () => {
  for (const [useBias, scale, center] of [
    [true, true, true],
    [false, true, false],
    [true, false, true],
    [false, false, false],
  ] as const) {
    const dense = { batch: 3, inputs: 5, outputs: 4, useBias, activation: 'linear', inActivation: 'linear' } as const;
    const [x, w, b] = [numbers(15, 1), numbers(20, 2), numbers(4, 3)];
    const [mean, gamma, beta] = [numbers(4, 4), numbers(4, 5), numbers(4, 6)];
    const given = { mean, variance: numbers(4, 7).map((u) => u + 1.5), gamma, beta };
    const { y } = denseForward(dense, { x, w, b });
    const norm = { ...control, pixels: 1, channels: 4, scale, center };
    const expected = batchNormForward(norm, { x: y, ...given }).y;
    const shape = { rows: 5, channels: 4, epsilon: norm.epsilon, useBias, scale, center };
    const folded = batchNormFold(shape, { w, b, ...given });
    const once = denseForward({ ...dense, useBias: true }, { x, w: folded.w_folded, b: folded.b_folded });
    expectWithin('y', once.y, expected, 1e-12);
  }
});

/** Converts a PyTorch case to the twins' shape. */
const shapeOf = (torch: TorchBatchNorm): Case => ({
  ...control,
  batch: torch.shape[0],
  count: torch.shape[0],
  pixels: torch.shape[1],
  channels: torch.shape[2],
  epsilon: torchNorm.epsilon,
  scale: torch.gamma !== undefined,
  center: torch.beta !== undefined,
  residual: torch.residual !== undefined,
  activation: torch.activation,
  frozen: torch.frozen,
});

describe.each(Object.entries(torchNorm.batchNorm))('beside PyTorch: %s', (_, torch) => {
  const s = shapeOf(torch);
  const [samples, pixels] = torch.shape;
  // Both are float64 and the fixture has 13 digits; a mean of 10,000 costs four of float64's sixteen digits.
  const bound = 1e-12 * Math.max(1, Math.max(...torch.x.map(Math.abs)));
  const { count } = s;
  const { x, gamma, beta, residual } = torch;
  const batch = batchStatistics(s, { x, count });
  const { mean, variance } = torch.frozen ? { mean: torch.movingMean, variance: torch.movingVariance } : batch;

  test('forward and gradients', () => {
    const { y } = batchNormForward(s, { x, mean, variance, gamma, beta, residual });
    expectWithin('y', y, torch.y, bound);
    const dy = y.map((value, i) => torch.out[i]! * derivative(s.activation, value));
    const { dgamma, dbeta } = batchNormBackwardSums(s, { x, dy, mean, variance, count });
    if (torch.dgamma) expectWithin('dgamma', dgamma, torch.dgamma, bound);
    if (torch.dbeta) expectWithin('dbeta', dbeta, torch.dbeta, bound);
    if (torch.dresidual) expectWithin('dresidual', dy, torch.dresidual, bound);
    const { dx } = batchNormBackwardX(s, { x, dy, mean, variance, gamma, dgamma, dbeta, count });
    expectWithin('dx', dx, torch.dx, bound);
  });

  test('moving statistics: PyTorch moves towards the unbiased variance, Keras and wgrad towards the population', () => {
    if (torch.frozen) return;
    const n = samples * pixels;
    const moved = (statistics: ArrayLike<number>, moving: number[]) => batchNormMove(s0, { statistics, moving }).moving;
    const s0 = { momentum: torch.momentum };
    const unbiased = batch.variance.map((v) => (v * n) / (n - 1));
    expectWithin('mean', moved(batch.mean, torch.movingMean), torch.runningMean, bound);
    expectWithin('unbiased', moved(unbiased, torch.movingVariance), torch.runningVariance, bound);
    const ours = moved(batch.variance, torch.movingVariance);
    const share = 1 - torch.momentum;
    const difference = batch.variance.map((v, c) => torch.runningVariance[c]! - (share * v) / (n - 1));
    expectWithin('variance', ours, difference, bound);
    expect(Math.abs(ours[0]! - torch.runningVariance[0]!)).toBeGreaterThan(1e-6);
  });
});
