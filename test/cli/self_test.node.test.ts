import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { selfTestTable } from '../../src/cli/self_test.ts';
import { call, runHere, temporaryFolder } from './wgrad.ts';

test('wgrad selftest checks the GPU, as a table and as JSON', async () => {
  const file = join(temporaryFolder(), 'report.json');
  const { code, stdout } = await runHere('selftest', '--only', 'global', '--adapter', 'software', '--json', file);
  expect(stdout).toMatch(/adapter .*SwiftShader[\s\S]*│ global_max_pool_forward +│ +\d+ │ +0 % │ passed │/);
  expect(stdout).toMatch(/selftest \d+ checks in [\d.]+ s: all passed/);
  const report = JSON.parse(readFileSync(file, 'utf8'));
  expect(report).toMatchObject({ passed: true, planned: report.checks.length, adapter: { software: true } });
  expect(report.chrome).toMatch(/^Chrome\/\d+/);
  expect(code).toBe(0);
});

test('--tensor-cores without tensor cores says what there is, and what to do', async () => {
  const { code, stderr } = await runHere('selftest', '--tensor-cores', '--adapter', 'software');
  expect(code).toBe(2);
  expect(stderr).toMatch(/no tensor cores[\s\S]*found: .*swiftshader, without chromium-experimental-subgroup-matrix/);
  expect(stderr).toMatch(/NVIDIA since Volta[\s\S]*leave tensorCores \(--tensor-cores\) out/);
});

test('--tensor-cores does nothing without the tuner, which is an error', async () => {
  const { code, stderr } = await call('train', '--dataset', 'digits', '--tensor-cores', '--tuning', 'off');
  expect(code).toBe(2);
  expect(stderr).toMatch(/--tensor-cores does nothing with --tuning off[\s\S]*leave one of them out/);
});

test('the table has a row for each kernel, and marks what failed', () => {
  const check = { name: 'conv2d_forward', variant: '' };
  const rows = selfTestTable([
    { ...check, passed: true, share: 0.25 },
    { ...check, passed: false, error: 'y[0] is 1, expected 2' },
    { name: 'adam', variant: '', passed: true, share: 0 },
  ]).split('\n');
  expect(rows.filter((row) => row.includes('conv2d_forward'))).toEqual([
    expect.stringMatching(/ 2 │ +25 % │ 1 FAILED /),
  ]);
  expect(rows.filter((row) => row.includes('adam'))).toEqual([expect.stringMatching(/ 1 │ +0 % │ +passed /)]);
});
