import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureLines, kernelTable } from '../../src/cli/profile_kernel.ts';
import type { Kernel } from '../../src/gpu/kernel.ts';
import { chooseLaunches, type LaunchChoice } from '../../src/selftest/kernel_launches.ts';
import type { KernelTimes } from '../../src/selftest/time_kernel.ts';
import type { StepLaunch } from '../../src/train/plan_training.ts';
import { call, runHere, temporaryFolder } from './wgrad.ts';

interface Shape {
  batch: number;
  padTop: number;
  useBias: boolean;
}

const kernel = (name: string, forms = [{ quads: 2 }, { quads: 4 }]): Kernel<object> => ({
  name,
  source: '',
  ...(forms.length > 0 && { variants: () => forms }),
  buffers: () => ({}),
  workgroups: () => [1],
  cost: () => ({ flops: 0, bytes: 0 }),
});
const shape: Shape = { batch: 32, padTop: 1, useBias: true };
const step: StepLaunch[] = [
  { kernel: kernel('conv2d_forward'), shape, variant: { quads: 4 }, layers: ['conv2d'] },
  { kernel: kernel('conv2d_forward'), shape: { ...shape, batch: 8 }, variant: { quads: 2 }, layers: ['conv2d_1'] },
  { kernel: kernel('begin_step', []), shape: { batch: 32 }, variant: {}, layers: [] },
];
const cases = [{ kernel: kernel('dropout'), shape: { ...shape, batch: 4 }, twin: () => ({}) }];
const choose = (choice: LaunchChoice) => chooseLaunches(step, cases, choice, { software: true, subgroupSize: 4 });

test('a kernel is timed in all variants at every shape of the network, or at the requested one', () => {
  const all = choose({ kernel: 'conv2d_forward' });
  expect(all.map(({ shape }) => (shape as Shape).batch)).toEqual([32, 8]);
  expect(all.map(({ used }) => used)).toEqual([{ quads: 4 }, { quads: 2 }]);
  for (const { variants } of all) expect(variants).toEqual([{ quads: 2 }, { quads: 4 }]);
  // With this batch size both shapes are the same.
  const changed = choose({ kernel: 'conv2d_forward', shape: { batch: 256, padTop: 0 }, variant: 'quads 4' });
  expect(changed).toMatchObject([{ shape: { batch: 256, padTop: 0, useBias: true }, variants: [{ quads: 4 }] }]);
  expect(choose({ kernel: 'begin_step' })).toMatchObject([{ variants: [{}], isOfNetwork: true }]);
  expect(choose({ kernel: 'dropout', variant: { quads: 2 } })).toMatchObject([
    { shape: { batch: 4 }, variants: [{ quads: 2 }], isOfNetwork: false },
  ]);
});

test.each<[LaunchChoice, RegExp]>([
  [{ kernel: 'conv2d_forwrd' }, /kernel that does not exist[\s\S]*did you mean "conv2d_forward"/],
  [{ kernel: 'conv2d_forward', shape: { bach: 3 } }, /shape of conv2d_forward does not have[\s\S]*"batch"/],
  [{ kernel: 'conv2d_forward', shape: { batch: 0 } }, /invalid batch[\s\S]*found: 0[\s\S]*at least 1/],
  [{ kernel: 'conv2d_forward', shape: { batch: 1.5 } }, /invalid batch[\s\S]*whole number/],
  [{ kernel: 'conv2d_forward', shape: { useBias: 'no' } }, /invalid useBias[\s\S]*a value like true/],
  [{ kernel: 'conv2d_forward', variant: 'quads 3' }, /does not have[\s\S]*quads 2; or quads 4[\s\S]*did you mean/],
  [{ kernel: 'begin_step', variant: 'quads 2' }, /no variant: begin_step has one form[\s\S]*leave --variant out/],
])('%j is rejected', (choice, message) => {
  expect(() => choose(choice)).toThrow(message);
});

test('a variant that does not compile is a row without times, and a line below the table says why', () => {
  const timing = { microseconds: 3, spreadMicroseconds: 1, gflops: 2, gbps: 1, rooflineShare: 0.5, isUsed: true };
  const failed = [{ variant: { quads: 4 }, error: 'the whole error', reason: 'too many registers' }];
  const kernels = [
    {
      ...{ kernel: 'conv2d_forward', isOfNetwork: true, layers: ['conv2d'], shape: { batch: 3 }, flops: 1, bytes: 1 },
      ...{ timings: [{ variant: { quads: 2 }, ...timing }], failed },
    },
  ];
  expect(kernelTable({ kernels })).toMatch(/│ quads 2 │ +3 │.*│ +used │\n│ +│ +│ quads 4 │ +│.*│ does not compile │/);
  expect(failureLines({ kernels: [...kernels, ...kernels] })).toEqual([
    'warning  conv2d_forward (quads 4) does not compile here: too many registers',
  ]);
});

test('wgrad profile --kernel times a single kernel with its variants side by side', async () => {
  const json = join(temporaryFolder(), 'kernel.json');
  const flags = ['profile', '--dataset', 'digits', '--batch-size', '4', '--adapter', 'software', '--steps', '2'];
  const [{ code, stdout, stderr }, refused] = [
    await runHere(...flags, '--kernel', 'dense_forward', '--shape', '{"outChannels": 12}', '--json', json),
    await runHere(...flags, '--kernel', 'dense_forwards'),
  ];
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(/dense_forward dense +│ 1 x 1 x 4 x \d+ to 12, 1 x 1 │ subgroups true, quads \d.*\d %/);
  expect(stdout).toMatch(/│ subgroups false, quads \d/);
  expect(stdout).toMatch(/│ used │/);
  expect(stdout).toMatch(/^ceilings [\d.]+ GFLOP\/s/m);
  const { kernels, ceilings } = JSON.parse(readFileSync(json, 'utf8')) as KernelTimes;
  expect(kernels.map(({ layers }) => layers)).toEqual([['dense'], ['dense_1']]);
  for (const { microseconds, gflops, rooflineShare } of kernels[0]!.timings) {
    expect(gflops).toBeCloseTo(kernels[0]!.flops / microseconds / 1000, 9);
    expect(rooflineShare).toBeGreaterThanOrEqual(gflops / ceilings.gflops - 1e-9);
  }
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/kernel that does not exist[\s\S]*did you mean "dense_forward"/);
  // Runs without Chrome.
  expect((await call(...flags, '--variant', 'quads 4')).stderr).toContain('add --kernel');
  expect((await call(...flags, '--kernel', 'adam', '--plan')).code).toBe(2);
});
