import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callOf, run, temporaryFolder } from '../cli/wgrad.ts';
import { main as bench } from './main.ts';
import { gflopsOf, planCells, type ScaleCell, scaleTable, worstLine } from './scale.ts';

const cell = (size: number, batchSize: number, ms: number[], skipped?: string): ScaleCell => ({
  ...{ size, channels: 1, batchSize, flops: 1e9, ms },
  ...(skipped !== undefined && { skipped }),
});

test('the table has the rate of each size and its fraction of the best, and marks those below 60 %', () => {
  const cells = [cell(28, 8, [200, 100, 900]), cell(28, 32, [200]), cell(64, 8, [400]), cell(64, 32, [], 'too large')];
  expect(cells.map(gflopsOf)).toEqual([5, 5, 2.5, 0]);
  const table = scaleTable(cells);
  expect(table).toMatch(/28 x 28 x 1 │ +5 │ +100 % │ +5 │ +100 %/);
  expect(table).toMatch(/64 x 64 x 1 │ +2\.5 │ +50 % ! │ +skipped │/);
  expect(worstLine(cells)).toMatch(/1 of 3 sizes are below 60 % of the best, 5 GFLOP\/s/);
  expect(worstLine(cells.slice(0, 2))).toMatch(/none of 2 sizes/);
});

test('all sizes are planned', async () => {
  const planned = await planCells({ model: 'tutorial', quick: false });
  const cells = planned.map(({ cell }) => cell);
  expect(cells).toHaveLength(4 * 2 * 4);
  expect(cells.filter(({ skipped }) => skipped)).toEqual([]);
  // The tutorial's products: the first layer's count twice, because the images' gradients are not computed, the others three times.
  const products = 2 * 9 * 32 * 26 * 26 + 3 * (288 * 64 * 11 * 11 + 1600 * 128 + 128 * 10);
  expect(cells[0]).toMatchObject({ size: 28, channels: 1, batchSize: 8, flops: 2 * 8 * products });
});

test('sizes that exceed a binding or the memory are skipped', async () => {
  const skippedOf = async (model: 'tutorial' | 'resnet20', batchSize: number) =>
    (await planCells({ model, quick: false, batchSize: [batchSize] })).flatMap(({ cell: { size, skipped } }) =>
      skipped === undefined ? [] : [`${size}: ${skipped}`],
    );
  const binding = '224: conv2d_1.dz is larger than this adapter can bind (1458.0 MiB)';
  expect(await skippedOf('tutorial', 512)).toEqual([binding, binding]);
  const memory = /^(128|224): it needs \d+\.\d MiB, more than 4096\.0 MiB$/;
  expect(await skippedOf('resnet20', 256)).toEqual(Array(4).fill(expect.stringMatching(memory)));
});

test('at its smallest: both numbers of channels are trained, and all figures are written', async () => {
  const file = join(temporaryFolder(), 'scale.json');
  const flags = ['--scale', '--quick', '--batch-size', '2', '--adapter', 'software', '--json', file];
  const { code, stdout, stderr } = await run('bench', ...flags);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(/28 x 28 x 3 │ +[\d.]+ │ +\d+ %/);
  const { scale } = JSON.parse(readFileSync(file, 'utf8')) as { scale: (ScaleCell & { gflops: number })[] };
  expect(scale.map(({ channels, batchSize }) => [channels, batchSize])).toEqual([
    [1, 2],
    [3, 2],
  ]);
  for (const { flops, ms, gflops } of scale) expect(gflops).toBeCloseTo(flops / ms[0]! / 1e6, 9);
}, 300_000);

test.each([
  ['--quick', '--scale', []],
  ['--pictures', '--stream', ['8']],
  ['--memory-budget', '--stream', ['64MiB']],
  ['--pngs', '--data', ['5']],
  ['--jpegs', '--data', ['5']],
])('%s without %s', async (flag, other, value) => {
  const { code, stderr } = await callOf(bench, 'bench', flag, ...value);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(`does nothing without ${other}`) });
});

test('a model from JSON has no sizes to vary', async () => {
  const model = '{"inputShape":[28,28,1],"layers":[{"type":"flatten"},{"type":"dense","units":10}]}';
  const { code, stderr } = await callOf(bench, 'bench', '--scale', '--model', model);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('the name of a preset') });
});
