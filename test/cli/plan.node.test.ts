import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PlanFacts } from '../../src/plan/describe_plan.ts';
import { call, temporaryFolder } from './wgrad.ts';

/** Starting this Chrome would fail. */
const noChrome = ['--chrome', '/nowhere/chrome'];

async function planOf(...flags: string[]): Promise<{ stdout: string; plan: PlanFacts; written: Written }> {
  const file = join(temporaryFolder(), 'plan.json');
  const { code, stdout, stderr } = await call('profile', '--plan', ...noChrome, ...flags, '--json', file);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const written: Written = JSON.parse(readFileSync(file, 'utf8'));
  return { stdout, plan: written.plan, written };
}

interface Written {
  config: { dataset: string; batchSize: number; health?: string; optimizer: { type: string } };
  assumed: { software: boolean; subgroupSize: number; mostBytes: number };
  plan: PlanFacts;
}

/** The rows of all tables. Wrapped cells are joined: their continuation lines have an empty first cell. */
function cellsOf(stdout: string): string[][] {
  const rows: string[][] = [];
  for (const line of stdout.split('\n').filter((line) => line.startsWith('│'))) {
    const cells = line.split('│').map((cell) => cell.trim());
    if (cells[1]) rows.push(cells);
    else
      cells.forEach((cell, column) => {
        if (cell) rows.at(-1)![column] += ` ${cell}`;
      });
  }
  return rows;
}

describe('wgrad profile --plan', () => {
  test("prints the tutorial's step, dispatch by dispatch and buffer by buffer, without a Chrome", async () => {
    const { stdout, plan, written } = await planOf();
    expect(written).toMatchObject({
      config: { dataset: 'mnist', batchSize: 32, health: 'norms', optimizer: { type: 'adam' } },
      assumed: { software: true, subgroupSize: 4 },
    });
    expect(plan.dispatches).toHaveLength(23);
    expect(stdout).toContain('assumed  a software adapter with subgroups of 4');
    expect(stdout).toContain('mnist: 10,000 training and 2,000 test images of 28 x 28 x 1, 10 classes');
    expect(stdout).toContain('step     23 dispatches');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(160);

    const rows = cellsOf(stdout);
    for (const [i, { phase, layer, kernel, variant, reads, writes, workgroups }] of plan.dispatches.entries()) {
      expect(rows).toContainEqual(
        expect.arrayContaining([String(i + 1), phase, layer, kernel, variant, reads.join(' '), writes.join(' ')]),
      );
      expect(workgroups).toBeGreaterThan(0);
    }
    for (const { label, kind, slot } of plan.buffers) {
      expect(rows).toContainEqual(expect.arrayContaining([label, kind, String(slot)]));
    }
    const convolution = plan.dispatches.find(
      ({ layer, kernel }) => layer === 'conv2d_1' && kernel === 'conv2d_forward',
    );
    expect(convolution).toMatchObject({ phase: 'forward', variant: expect.stringMatching(/quads \d+/) });
    // The pool uses 10 x 10 outputs, each of 3 x 3 x 32 products, for 64 filters: multiplications and additions.
    expect(convolution!.flops).toBe(2 * 32 * 10 * 10 * 9 * 32 * 64);

    // The images on the GPU have one byte per pixel; they are not part of a step's memory, and so not of its sum.
    const images = plan.buffers.find(({ label }) => label === 'dataset.images')!;
    expect(images).toMatchObject({ kind: 'input', bytes: 10_000 * 28 * 28 });
    expect(plan.bytes.input).toBeGreaterThan(images.bytes);
    expect(plan.bytes.shared).toBeLessThan(plan.bytes.apart);
    const own = plan.buffers.filter(({ kind }) => kind !== 'input');
    expect(plan.bytes.apart).toBe(own.reduce((sum, { bytes }) => sum + bytes, 0));
    const slots = new Map<number, number>();
    for (const { slot, bytes } of own) slots.set(slot, Math.max(slots.get(slot) ?? 0, bytes));
    expect(plan.bytes.shared).toBe([...slots.values()].reduce((a, b) => a + b, 0));
  });

  test('--activation-storage float16: which buffers hold halves, and the memory in comparison with float32', async () => {
    const flags = ['--model', 'resnet8', '--dataset', 'cifar10'];
    const [single, half] = [await planOf(...flags), await planOf(...flags, '--activation-storage', 'float16')];
    expect(half.written.config).toMatchObject({ activationStorage: 'float16' });
    // The outputs of measured layers share arenas.
    expect(half.plan.buffers.find(({ label }) => label === 'activations_0.y0')).toMatchObject({ half: true });
    expect(half.plan.buffers.find(({ label }) => label === 'weights')).not.toHaveProperty('half');
    expect(cellsOf(half.stdout)).toContainEqual(expect.arrayContaining(['activations_0.y0', 'value (float16)']));
    expect(half.plan.bytes.shared).toBeLessThan(0.65 * single.plan.bytes.shared);
    const megabytes = ({ plan }: { plan: PlanFacts }) => `${(plan.bytes.shared / 1e6).toFixed(1)} MB`;
    expect(half.stdout).toContain(`in float32 ${megabytes(single)} in place of ${megabytes(half)} in shared buffers`);
    expect(single.stdout).not.toContain('float16');
  });

  test('buffers that share memory are alive at different times', async () => {
    const { plan } = await planOf('--model', 'resnet8', '--dataset', 'cifar10');
    const shared = plan.buffers.filter(({ alive }) => alive);
    expect(new Set(shared.map(({ slot }) => slot)).size).toBeLessThan(shared.length / 2);
    for (const [i, one] of shared.entries()) {
      for (const other of shared.slice(i + 1)) {
        if (one.slot !== other.slot) continue;
        expect(one.alive![1] < other.alive![0] || other.alive![1] < one.alive![0], `${one.label}, ${other.label}`).toBe(
          true,
        );
      }
    }
  });

  test('depends on the flags: adapter, data set, batch size, optimizer, health, augmentation', async () => {
    const small = ['--model', 'mobilenet-small', '--dataset', 'cifar10', '--augment', 'none'];
    const base = await planOf(...small);
    expect(base.stdout).toContain('cifar10: 10,000 training');
    const hardware = await planOf(...small, '--adapter', 'hardware');
    expect(hardware.written.assumed).toMatchObject({ software: false, subgroupSize: 32 });
    expect(hardware.stdout).toContain('cifar10: 50,000 training');
    expect(hardware.plan.dispatches.map(({ variant }) => variant)).not.toEqual(
      base.plan.dispatches.map(({ variant }) => variant),
    );
    const larger = await planOf(...small, '--batch-size', '64');
    expect(larger.plan.bytes.apart).toBeGreaterThan(1.5 * base.plan.bytes.apart);
    const kernelsOf = ({ plan }: { plan: PlanFacts }) => plan.dispatches.map(({ kernel }) => kernel);
    expect(kernelsOf(await planOf(...small, '--optimizer', 'sgd', '--momentum', '0.9'))).toContain('sgd');
    const muon = kernelsOf(await planOf(...small, '--optimizer', '{"type":"muon","nsSteps":2}', '--momentum', '0.8'));
    expect(muon.filter((name) => name === 'newton_schulz_polynomial')).toHaveLength(2);
    expect(kernelsOf(base)).toContain('health_reduce');
    expect(kernelsOf(await planOf(...small, '--health', 'off'))).not.toContain('health_reduce');
    expect(kernelsOf(await planOf(...small, '--augment', '[{"type":"mixUp"}]'))).toContain('augment_mix');
    // Values computed from the images affect the plan only by their existence.
    const featurewise = '{"featurewiseCenter":true,"zcaWhitening":true}';
    const whitening = await planOf('--dataset', 'digits', '--augment', featurewise);
    expect(whitening.stdout).toContain('digits: 1,500 training and 297 test images of 8 x 8 x 1');
    expect(whitening.plan.buffers).toContainEqual(
      expect.objectContaining({ label: 'augment.matrix', bytes: 4 * 64 ** 2 }),
    );
  });

  test.for<[string, string[], string[]]>([
    ['--steps, which times', ['--steps', '3'], ['--steps', '--plan']],
    ['--trace, which times', ['--trace', '/tmp/trace.json'], ['--trace', '--plan']],
    ['more images than there are', ['--dataset', 'digits', '--train-samples', '1501'], ['1501', 'at most 1500']],
    [
      'a model of other images',
      [
        '--dataset',
        'digits',
        '--model',
        '{"inputShape":[9,9,1],"layers":[{"type":"flatten"},{"type":"dense","units":10,"activation":"softmax"}]}',
      ],
      ['[8,8,1]', '[9, 9, 1]'],
    ],
    [
      'a batch that no adapter can bind',
      ['--model', 'vgg-small', '--dataset', 'cifar10', '--batch-size', '20000'],
      ['is larger than this adapter can bind', 'MiB', 'at most 1024.0 MiB', 'a smaller batch'],
    ],
  ])('rejects %s', async ([, flags, words]) => {
    const { code, stdout, stderr } = await call('profile', '--plan', ...noChrome, ...flags);
    for (const word of words) expect(stderr).toContain(word);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
