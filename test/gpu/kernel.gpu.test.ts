import { afterAll, describe, expect, test } from 'vitest';
import { ConfigurationError, ShaderError, type WgradError } from '../../src/errors.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { type Kernel, KernelCache } from '../../src/gpu/kernel.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { bind, replay } from '../../src/gpu/recording.ts';

const gpu: Gpu = await openGpu();
afterAll(() => gpu.dispose());

const scaleSource = [
  '// y[i] = factor * x[i]',
  '@group(0) @binding(0) var<storage, read> x: array<f32>;',
  '@group(0) @binding(3) var<storage, read_write> y: array<f32>;',
  'override count: u32;',
  'override factor: f32;',
  '@compute @workgroup_size(64)',
  'fn main(@builtin(global_invocation_id) id: vec3u) {',
  '  if (id.x < count) { y[id.x] = factor * x[id.x]; }',
  '}',
].join('\n');

interface Scale {
  count: number;
  factor: number;
}

const scale: Kernel<Scale> = {
  name: 'scale',
  source: scaleSource,
  constants: ({ count, factor }) => ({ count, factor }),
  buffers: ({ count }) => ({ x: count, y: count }),
  workgroups: ({ count }) => [Math.ceil(count / 64)],
  cost: ({ count }) => ({ flops: count, bytes: 8 * count }),
};

const shape = { count: 5, factor: 3 };

async function refused(kernel: Kernel<Scale>, given = shape, type: typeof WgradError = ShaderError): Promise<string> {
  const error = await new KernelCache(gpu.device, gpu.traits).compile(kernel, given).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(type);
  return (error as Error).message;
}

describe('an invalid launch of a kernel', () => {
  test('bindings that the shader or the launch lacks: both lists', async () => {
    const words = /bindings of scale\.wgsl.*differ.*\n.*found: "x, z"\n.*expected: x, y/;
    expect(await refused({ ...scale, buffers: () => ({ x: 5, z: 5 }) })).toMatch(words);
    expect(await refused({ ...scale, buffers: () => ({ x: 5 }) })).toMatch(/found: "x"\n.*expected: x, y/);
    expect(await refused({ ...scale, buffers: () => ({ x: 5, y: 5, z: 5 }) })).toMatch(/found: "x, y, z"/);
  });

  test('override constants in the same way', async () => {
    const words = /override constants of scale\.wgsl.*differ.*\n.*found: "count"\n.*expected: count, factor/;
    expect(await refused({ ...scale, constants: () => ({ count: 5 }) })).toMatch(words);
    const three = () => ({ count: 5, factor: 1, other: 1 });
    expect(await refused({ ...scale, constants: three })).toMatch(/found: "count, factor, other"/);
  });

  test('more workgroups than WebGPU allows', async () => {
    const words = /too many workgroups.*\n.*found: \[65536,1,1\]\n.*at most 65535/;
    expect(await refused(scale, { count: 65536 * 64, factor: 1 }, ConfigurationError)).toMatch(words);
    expect(await refused({ ...scale, workgroups: () => [Number.NaN] }, shape, ConfigurationError)).toMatch(
      /too many workgroups/,
    );
  });

  test('a shader that does not compile: its lines with a caret', async () => {
    const message = await refused({
      ...scale,
      source: scaleSource.replace('= factor * x[id.x]; }', '= factr * x[id.x]; }'),
    });
    expect(message).toContain("scale.wgsl doesn't compile");
    expect(message).toMatch(/error: .*factr.* \(line 8\)/);
    const lines = message.split('\n');
    const quoted = lines.findIndex((line) => line.includes('factr * x[id.x]; }'));
    expect(lines[quoted - 1]).toContain('fn main(');
    expect(lines[quoted + 1]!.indexOf('^')).toBe(lines[quoted]!.indexOf('factr'));
    // The error is reported to the caller that compiled it, and the device keeps working.
    await gpu.device.queue.onSubmittedWorkDone();
    expect(gpu.failure.aborted).toBe(false);
  });
});

describe('the cache', () => {
  test('creates a pipeline once for each shader and constants, even if it is requested twice at the same time', async () => {
    const cache = new KernelCache(gpu.device, gpu.traits);
    const [one, two, other] = await Promise.all([
      cache.compile(scale, shape),
      cache.compile(scale, { ...shape }),
      cache.compile(scale, { ...shape, factor: 4 }),
    ]);
    expect(two!.pipeline).toBe(one!.pipeline);
    expect(other!.pipeline).not.toBe(one!.pipeline);
    // The layout depends only on the bindings.
    expect(other!.layout).toBe(one!.layout);
  });

  test('is shared by everything that compiles on one device, and by no other device', async () => {
    const compileOn = async ({ device, traits }: Gpu) => new KernelCache(device, traits).compile(scale, shape);
    const [one, two] = [await compileOn(gpu), await compileOn(gpu)];
    expect(two.pipeline).toBe(one.pipeline);
    expect(two.layout).toBe(one.layout);
    const elsewhere = await openGpu();
    const other = await compileOn(elsewhere);
    expect(other.pipeline).not.toBe(one.pipeline);
    elsewhere.dispose();
  });

  test('keeps what was used last, and nothing that failed to compile', async () => {
    const made: number[] = [];
    const device = {
      createBindGroupLayout: () => ({}),
      createPipelineLayout: () => ({}),
      createShaderModule: () => ({ getCompilationInfo: async () => ({ messages: [] }) }),
      pushErrorScope: () => undefined,
      popErrorScope: async () => null,
      createComputePipelineAsync: async ({ compute }: GPUComputePipelineDescriptor) => {
        const { factor } = compute.constants!;
        made.push(factor!);
        if (factor === -1) throw new Error('out of memory');
        return {};
      },
    };
    const cache = new KernelCache(device as unknown as GPUDevice, gpu.traits);
    const compile = (factor: number) => cache.compile(scale, { count: 5, factor });
    await expect(compile(-1)).rejects.toThrow('out of memory');
    await expect(compile(-1)).rejects.toThrow('out of memory');
    expect(made).toEqual([-1, -1]);
    await compile(0);
    await compile(1);
    for (let factor = 2; factor < 1000; factor++) await compile(factor);
    await compile(0);
    expect(made).toHaveLength(1002);
    await compile(1000);
    await compile(0);
    expect(made).toHaveLength(1003);
    await compile(1);
    expect(made.slice(1002)).toEqual([1000, 1]);
  });

  test('takes the first variant for the adapter unless another is requested', async () => {
    const cache = new KernelCache(gpu.device, gpu.traits);
    const seen: unknown[] = [];
    const varied: Kernel<Scale> = {
      ...scale,
      variants: (given, traits) => {
        seen.push(given, traits);
        return [{ width: 64 }, { width: 32 }];
      },
      source: (_, { width }) => scaleSource.replace('64', String(width)),
      workgroups: ({ count }, { width }) => [Math.ceil(count / Number(width))],
    };
    expect(await cache.compile(varied, { count: 100, factor: 1 })).toMatchObject({
      variant: { width: 64 },
      workgroups: [2, 1, 1],
    });
    expect(seen).toEqual([{ count: 100, factor: 1 }, gpu.traits]);
    const picked = await cache.compile(varied, { count: 100, factor: 1 }, { width: 32 });
    expect(picked.workgroups).toEqual([4, 1, 1]);
    expect(picked.text).toContain('workgroup_size(32)');
  });
});

describe('binding by name', () => {
  const compiled = new KernelCache(gpu.device, gpu.traits).compile(scale, shape);
  const memory = new Memory(gpu.device);
  afterAll(() => memory.dispose());
  const slices = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, memory.storage(`conv.${name}`, 8)]));

  test.each([
    [['x'], /conv: .*scale don't match.*\n.*found: "x"\n.*expected: x, y/],
    [['x', 'y', 'z'], /found: "x, y, z"\n.*expected: x, y/],
    [['x', 'dy'], /found: "x, dy"\n.*expected: x, y/],
    [[], /found: ""\n.*expected: x, y/],
  ])('%j is rejected with both lists', async (names, words) => {
    const kernel = await compiled;
    expect(() => bind(gpu.device, kernel, 'conv', slices(...names))).toThrow(ShaderError);
    expect(() => bind(gpu.device, kernel, 'conv', slices(...names))).toThrow(words);
  });

  test('buffers that belong to the step as a whole are named as such', async () => {
    const kernel = await compiled;
    expect(() => bind(gpu.device, kernel, '', {})).toThrow(/^step: /);
  });

  test('a buffer that is too small: bytes found and expected, and which', async () => {
    const kernel = await compiled;
    const buffers = { ...slices('x'), y: memory.storage('conv.small', 4) };
    const words = /conv: scale .* too small .* y.*\n.*found: "16 bytes in conv\.small"\n.*expected: 20 bytes/;
    expect(() => bind(gpu.device, kernel, 'conv', buffers)).toThrow(words);
  });

  test('a recording tracks reads and writes, and each dispatch sees the results of the previous ones', async () => {
    const kernel = await compiled;
    const [x, y, z] = ['x', 'y', 'z'].map((name) => memory.storage(name, 5));
    const first = bind(gpu.device, kernel, 'one', { x: x!, y: y! });
    const second = bind(gpu.device, kernel, 'two', { x: y!, y: z! });
    expect(first).toMatchObject({ name: 'scale', layer: 'one', reads: ['x'], writes: ['y'], workgroups: [1, 1, 1] });
    expect(second).toMatchObject({ reads: ['y'], writes: ['z'], cost: { flops: 5, bytes: 40 } });
    gpu.device.queue.writeBuffer(x!.buffer, 0, Float32Array.of(1, 2, 3, 4, 5));
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    replay(pass, [first, second, first, second]);
    pass.end();
    gpu.device.queue.submit([encoder.finish()]);
    const [bytes] = await readSlices(gpu, memory, [z!]);
    expect([...new Float32Array(bytes!, 0, 5)]).toEqual([9, 18, 27, 36, 45]);
  });
});
