import { afterAll, describe, expect, test } from 'vitest';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { fillOptimizer } from '../../src/model/optimizer.ts';
import type { FilledOptimizerOf } from '../../src/model/optimizers/index.ts';
import { loadFurtherTraining } from '../../src/plan/loaded_training.ts';
import { expectSame } from '../../src/selftest/compare.ts';
import { cacheOf, checkKernel } from '../../src/selftest/kernels/check_kernel.ts';
import { type Contents, launchGuarded } from '../../src/selftest/kernels/guarded_launch.ts';
import {
  checkMuon,
  checkMuonMomentum,
  checkNewtonSchulzApply,
  checkNewtonSchulzGram,
  checkNewtonSchulzPolynomial,
  checkNewtonSchulzProduct,
  checkNewtonSchulzScale,
  type MatrixTensors,
} from '../../src/selftest/kernels/muon_checks.ts';
import { stateOf } from '../../src/selftest/kernels/state_words.ts';

await loadFurtherTraining();

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const tensors: Record<string, MatrixTensors> = {
  'the control: tall, wide, and what is no matrix': [[36, 8], 8, [5, 12], 12, [7, 3]],
  'one column and one row': [
    [9, 1],
    [1, 6],
  ],
  'square, a quad and one more': [
    [4, 4],
    [5, 5],
  ],
  'rows in slices': [[300, 10], 3, [20, 130]],
  'more than one workgroup': [[150, 40], 4],
};

const { traits } = gpu;

describe.each(Object.entries(tensors))('%s', (_, of) => {
  test('muon_momentum', () =>
    checkKernel(gpu, checkMuonMomentum({ tensors: of, momentum: 0.95, nesterov: true }, traits)));
  test('newton_schulz_gram', () => checkKernel(gpu, checkNewtonSchulzGram(of, traits)));
  test.each([true, false])('newton_schulz_scale, normalizes: %s', (normalizes) =>
    checkKernel(gpu, checkNewtonSchulzScale(of, normalizes, traits)),
  );
  test('newton_schulz_polynomial', () => checkKernel(gpu, checkNewtonSchulzPolynomial(of, traits)));
  test.each([
    { of: 'first', second: 'begins' },
    { of: 'first', second: 'keeps' },
    { of: 'second' },
    { of: 'both' },
  ] as const)('newton_schulz_product, %j', (pair) => checkKernel(gpu, checkNewtonSchulzProduct(of, pair, traits)));
  test.each([
    { last: true, scaled: true, q: 'second' },
    { last: false, scaled: false, q: 'alone' },
  ] as const)('newton_schulz_apply, %j', (shape) => checkKernel(gpu, checkNewtonSchulzApply(of, shape, traits)));
});

const [control] = Object.values(tensors) as [MatrixTensors];

test.each([
  { by: 'norm', most: 1 },
  { by: 'value', most: 0.3 },
] as const)('the momentum is of clipped gradients: %j', (clip) =>
  checkKernel(gpu, checkMuonMomentum({ tensors: control, momentum: 0.5, nesterov: false, clip }, traits)),
);

const muon = (options: object = {}) => fillOptimizer({ type: 'muon', ...options }) as FilledOptimizerOf<'muon'>;
const common = { tensors: control, measured: true, learningRate: 0.1, scale: 1, t: 20 };

test.each<[string, object, object]>([
  ['Adam for the others', {}, {}],
  ['the first update, clipped, with decay', {}, { t: 1, clip: { by: 'norm', most: 1 }, weightDecay: 0.5 }],
  ['momentum for the others', { others: 'sgd', nesterov: false }, { measured: false }],
  ['nesterov momentum for the others', { others: 'sgd' }, { clip: { by: 'value', most: 0.3 } }],
  ['no matrix', {}, { tensors: [300, 7] }],
])('muon, %s', (_, options, departure) =>
  checkKernel(gpu, checkMuon({ ...common, optimizer: muon(options), ...departure }, traits)),
);

test('a skipped step leaves the momentum unchanged, bit for bit', async () => {
  const check = checkMuonMomentum({ tensors: control, momentum: 0.5, nesterov: true }, traits);
  const launch = await launchGuarded(gpu, cacheOf(gpu), check.kernel, check.shape, {});
  const given = check.given as Record<string, Contents>;
  const { m } = await launch.run({ ...given, dw: given.dw!.slice().fill(Number.NaN), state: stateOf({ skip: 1 }) });
  launch.dispose();
  expectSame('m', m!, new Uint32Array(given.m!.buffer));
  expect(m!.length).toBeGreaterThan(0);
});
