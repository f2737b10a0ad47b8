import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { findProgram, packagedFile } from '../../src/cli/hosts/host_programs.ts';
import type { SubgroupMatrixTrait } from '../../src/gpu/device.ts';
import { specialize } from '../../src/gpu/kernel.ts';
import { probeText } from '../../src/gpu/tensor_cores.ts';
import { asConvolution } from '../../src/kernels/dense.ts';
import { matrixChecks } from '../../src/selftest/kernels/matrix_checks.ts';
import { convolution } from '../../src/selftest/kernels/shapes.ts';
import { control, denseLayers } from './tile_shapes.ts';

// The shaders for tensor cores, as Dawn's compiler sees them: the same that Chrome has. No GPU is needed for that.

const nvidia: SubgroupMatrixTrait = { m: 16, n: 16, k: 16, subgroupSize: 32 };
const adapters: Record<string, SubgroupMatrixTrait> = {
  'matrices of 16 x 16 x 16': nvidia,
  'matrices of 8 x 16 x 16': { ...nvidia, m: 8 },
  'matrices of 8 x 8 x 8': { m: 8, n: 8, k: 8, subgroupSize: 32 },
  'subgroups of up to 64': { ...nvidia, subgroupSize: 64 },
  'subgroups of up to 128': { ...nvidia, subgroupSize: 128 },
};

const shapes = [
  convolution({ ...control, filters: 132, channels: 132 }),
  convolution({ ...control, pooled: true, padding: 'same', activation: 'tanh', dilation: [2, 1] }),
  convolution({ ...control, parts: 2, strides: [2, 1], inActivation: 'relu', useBias: false }),
  convolution({ ...control, channels: 3, filters: 17 }),
  ...denseLayers.map(asConvolution),
];

/** Every variant of the kernels at every shape. */
function kernelsOf(subgroupMatrix: SubgroupMatrixTrait) {
  const traits = { software: false, subgroupSize: 32, subgroupMatrix };
  return shapes.flatMap((shape) =>
    Object.values(matrixChecks()).flatMap((check) => {
      const { kernel } = check(shape);
      const fits = kernel.name.endsWith('backward_x') ? !shape.pooled : true;
      return fits ? kernel.variants!(shape, traits).map((variant) => specialize(kernel, shape, traits, variant)) : [];
    }),
  );
}

interface Compiled {
  missing?: string[];
  results: { messages: { type: string; message: string; lineNum: number }[]; error?: string }[];
}

const bindings = findProgram('dawn') && createRequire(import.meta.url).resolve(packagedFile('webgpu')!);

function compile(kernels: { text: string; constants?: Record<string, number> }[]): Compiled {
  const script = new URL('compile_without_gpu.js', import.meta.url).pathname;
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, bindings!], {
    encoding: 'utf8',
    input: JSON.stringify(kernels),
    timeout: 120_000,
    maxBuffer: 2 ** 28,
  });
  expect(status, stderr).toBe(0);
  // Dawn prints its warnings before.
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as Compiled;
}

if (!bindings)
  console.log('not compiled by Dawn: type npm install --no-save webgpu to test the shaders for tensor cores');

describe.runIf(bindings)('in Dawn', () => {
  const forms = [false, true].map((olderForm) => ({ ...nvidia, ...(olderForm && { olderForm }) }));

  test('the probe finds the form of the built-in functions', () => {
    const { missing, results } = compile(forms.map((matrix) => ({ text: probeText(matrix) })));
    expect(missing).toBeUndefined();
    const [current, older] = results.map(({ messages }) => messages.filter(({ type }) => type === 'error'));
    expect(current!.length === 0 || older!.length === 0).toBe(true);
    // The wrong number of arguments is not a third form.
    const { results: wrong } = compile([{ text: probeText(nvidia).replace('&a, 0u', '&a') }]);
    expect(wrong[0]!.messages.some(({ type }) => type === 'error')).toBe(true);
  });

  test.each(Object.entries(adapters))('the kernels compile without warnings: %s', (_, matrix) => {
    const kernels = kernelsOf(matrix);
    expect(new Set(kernels.map(({ name }) => name)).size).toBe(3);
    const { results } = compile(kernels);
    expect(results).toHaveLength(kernels.length);
    const wrong = results.flatMap(({ messages, error }, i) =>
      messages.length > 0 || error ? [{ name: kernels[i]!.name, variant: kernels[i]!.variant, messages, error }] : [],
    );
    expect(wrong).toEqual([]);
  });

  test('the older form compiles where the browser knows it', () => {
    const { results: probed } = compile([{ text: probeText(forms[1]!) }]);
    if (probed[0]!.messages.some(({ type }) => type === 'error')) return;
    const { results } = compile(kernelsOf(forms[1]!));
    const messages = results.flatMap(({ messages, error }) => [...messages.map(({ message }) => message), error ?? []]);
    expect(new Set(messages.flat())).toEqual(new Set(['use of deprecated builtin']));
  });
});

test('every variant keeps to the workgroup memory and the invocations that all devices allow', () => {
  const bytes: Record<string, number> = { f16: 2, f32: 4 };
  for (const matrix of Object.values(adapters)) {
    for (const { text, variant } of kernelsOf(matrix)) {
      const arrays = [...text.matchAll(/var<workgroup> \w+: array<(f16|f32), (\d+)>/g)];
      const used = arrays.reduce((sum, [, type, length]) => sum + bytes[type!]! * Number(length), 0);
      expect(arrays).toHaveLength(3);
      expect(used, JSON.stringify(variant)).toBeLessThanOrEqual(16_384);
      const size = Number(/@workgroup_size\((\d+)\)/.exec(text)![1]);
      expect(size).toBeLessThanOrEqual(256);
      expect(size % matrix.subgroupSize).toBe(0);
    }
  }
});
