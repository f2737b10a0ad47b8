import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'vite';
import { beforeAll, expect, inject, test } from 'vitest';
import { findProgram, packagedFile } from '../../src/cli/hosts/host_programs.ts';
import { driverEnvironment, findDriver } from '../../src/cli/hosts/vulkan_drivers.ts';
import type { KitReport } from './measure.ts';

// The kit as it is packed. Its measurements run where the npm package webgpu is installed.

let folder: string;
beforeAll(async () => {
  folder = join(mkdtempSync(join(inject('folder'), 'kit-')), 'gpu-kit');
  const configFile = new URL('../../vite.config.ts', import.meta.url).pathname;
  await build({ configFile, mode: 'gpu-kit', logLevel: 'error', build: { outDir: folder } });
});

const node = (script: string, args: string[], env = {}) =>
  spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });

/** A package webgpu that has no adapter. */
function emptyBindings(): string {
  const bindings = mkdtempSync(join(inject('folder'), 'webgpu-'));
  mkdirSync(join(bindings, 'dist/linux-x64'), { recursive: true });
  writeFileSync(join(bindings, 'dist/linux-x64/dawn.node'), 'binary');
  writeFileSync(
    join(bindings, 'index.js'),
    'export const globals = {}; export const create = () => ({ requestAdapter: async () => null });',
  );
  return bindings;
}

const pack = (bindings: string) =>
  node(new URL('pack.js', import.meta.url).pathname, [
    '--out',
    folder,
    '--bindings',
    bindings,
    '--platform',
    'linux-x64',
  ]);

test('it is packed with all that it needs, and says what is missing', () => {
  const missing = pack('/nowhere');
  expect(missing.status).toBe(3);
  expect(missing.stderr).toContain('npm install --no-save --save-prod webgpu');
  const { status, stdout, stderr } = pack(emptyBindings());
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toContain('gpu-kit.tar.gz');
  for (const name of [
    'kit.js',
    'measure.js',
    'torch_step.py',
    'README.txt',
    'torch/tutorial/model.py',
    'torch/resnet20/weights.safetensors',
  ]) {
    expect(existsSync(join(folder, name)), name).toBe(true);
  }
  const out = join(folder, 'none.json');
  const none = node(join(folder, 'kit.js'), ['--quick', '--out', out], { PATH: '/nowhere' });
  expect(none.status).toBe(3);
  expect(none.stderr).toContain('but no adapter');
  // Not the advice for browsers.
  expect(none.stderr).toContain('vulkaninfo --summary');
  expect(none.stderr).not.toContain('Safari');
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ kit: 1, quick: true });
});

test.each([
  ['--minute', '3'],
  ['--minutes', 'abc'],
  ['--minutes', '0'],
  ['--adapter', 'fast'],
  ['--networks', 'tutorial,resnet'],
])('it refuses %s %s', (option, value) => {
  const { status, stderr } = node(join(folder, 'kit.js'), [option, value], { PATH: '/nowhere' });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^error: [^\n]*\n {2}usage: node kit\.js/);
});

const python = ['python3', '/usr/bin/python3'].find(
  (path) => spawnSync(path, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
);

test.runIf(python)('PyTorch trains the same networks', () => {
  if (!existsSync(join(folder, 'torch'))) pack(emptyBindings());
  const order = { folder: join(folder, 'torch'), seconds: 0, steps: [['tutorial', 4]] };
  const { stdout, stderr } = spawnSync(python!, [join(folder, 'torch_step.py'), JSON.stringify(order)], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const row = JSON.parse(stdout);
  expect(row).toMatchObject({ network: 'tutorial', batchSize: 4 });
  expect(row.eagerImagesPerSecond).toBeGreaterThan(0);
});

const swiftshader = await findDriver('swiftshader');

test.runIf(findProgram('dawn') && swiftshader)('it measures an adapter', () => {
  const bindings = dirname(createRequire(import.meta.url).resolve(packagedFile('webgpu')!));
  expect(pack(bindings).status).toBe(0);
  const out = join(folder, 'report.json');
  const { status, stdout, stderr } = node(
    join(folder, 'kit.js'),
    ['--quick', '--networks', 'tutorial', '--out', out],
    driverEnvironment(swiftshader!),
  );
  expect(stderr).toBe('');
  expect(status, stdout).toBe(0);
  const report: KitReport = JSON.parse(readFileSync(out, 'utf8'));
  expect(report.adapter?.software).toBe(true);
  expect(report.notes).toEqual([]);
  expect(report.ceilings!.gflops).toBeGreaterThan(0);
  expect(report.correctness).toMatchObject({ passed: true });
  expect(report.steps.map(({ batchSize }) => batchSize)).toContain(8);
  // At least one kernel is timed, and printed with what its variants take.
  expect(report.variants[0]!.kernels.length).toBeGreaterThan(0);
  expect(stdout).toMatch(
    /\n {9}dense_forward 1 x 1 x 4 x 64 to 10, 1 x 1: [\d.,]+ us, [\d.]+ GFLOP\/s \(\d+ % of the ceiling\); /,
  );
  expect(report.run!.loss).toBeGreaterThan(0);
  expect(report.tensorCores?.missing).toMatch(/SwiftShader.*without chromium-experimental-subgroup-matrix/);
  expect(stdout).toContain('tensor   no tensor cores that wgrad can use');
});
