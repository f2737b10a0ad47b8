import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import { ConfigurationError, DeviceLostError, SetupError } from '../../src/errors.ts';
import { openGpu } from '../../src/gpu/device.ts';

/** Fake adapters without a GPU, which record the requests. */
function fakeGpu(
  info: Partial<GPUAdapterInfo> = {},
  options: { features?: string[]; limits?: Record<string, number>; compiles?: (code: string) => boolean } = {},
) {
  const asked: { adapter?: GPURequestAdapterOptions; device?: GPUDeviceDescriptor } = {};
  let lose: (info: { reason: string; message: string }) => void = () => undefined;
  const device = Object.assign(new EventTarget(), {
    // Used only to find out what the compiler knows.
    pushErrorScope: () => undefined,
    popErrorScope: async () => null,
    createShaderModule: ({ code }: GPUShaderModuleDescriptor) => ({
      getCompilationInfo: async () => ({
        messages: options.compiles?.(code) === false ? [{ type: 'error', message: 'no such built-in function' }] : [],
      }),
    }),
    features: new Set<string>(),
    limits: {} as Record<string, number>,
    lost: new Promise((resolve) => {
      lose = resolve as typeof lose;
    }),
    destroy: () => lose({ reason: 'destroyed', message: 'destroyed by the page' }),
  });
  const adapter = {
    info: { vendor: 'acme', architecture: 'rocket', device: '', description: '', isFallbackAdapter: false, ...info },
    features: new Set(options.features ?? []),
    limits: {
      maxBufferSize: 2 ** 30,
      maxStorageBufferBindingSize: 2 ** 29,
      maxStorageBuffersPerShaderStage: 10,
      maxComputeWorkgroupSizeX: 1024,
      ...options.limits,
    },
    async requestDevice(descriptor: GPUDeviceDescriptor) {
      asked.device = descriptor;
      device.features = new Set(descriptor.requiredFeatures);
      device.limits = { maxStorageBuffersPerShaderStage: 8, ...descriptor.requiredLimits };
      return device;
    },
  };
  const gpu = {
    async requestAdapter(options: GPURequestAdapterOptions) {
      asked.adapter = options;
      return adapter;
    },
  };
  return {
    gpu: gpu as unknown as GPU,
    asked,
    device,
    lose: (reason: string, message: string) => lose({ reason, message }),
  };
}

const reject = async (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error('it resolved');
    },
    (reason: Error) => reason,
  );

describe('where there is no GPU', () => {
  test('no WebGPU at all: what to do, and the exit code of the command', async () => {
    const error = await reject(openGpu());
    expect(error).toBeInstanceOf(SetupError);
    expect(error).toMatchObject({ exitCode: 3 });
    expect(error.message).toMatch(/no WebGPU[\s\S]*navigator\.gpu[\s\S]*Chrome 113/);
  });

  test('no adapter', async () => {
    const error = await reject(openGpu({ gpu: { requestAdapter: async () => null } as unknown as GPU }));
    expect(error).toBeInstanceOf(SetupError);
    expect(error.message).toMatch(/no adapter[\s\S]*null[\s\S]*--use-webgpu-adapter=swiftshader/);
  });

  test.each([
    ['hardware', { description: 'SwiftShader Device' }, /No hardware adapter[\s\S]*software[\s\S]*a hardware adapter/],
    ['hardware', { isFallbackAdapter: true }, /No hardware adapter/],
    ['software', { description: 'GeForce' }, /No software adapter[\s\S]*acme rocket \(hardware\)[\s\S]*swiftshader/],
  ] as const)('no %s one', async (adapter, info, words) => {
    const error = await reject(openGpu({ gpu: fakeGpu(info).gpu, adapter }));
    expect(error).toBeInstanceOf(SetupError);
    expect(error.message).toMatch(words);
  });
});

test.each([
  ['maxBufferSize', 2 ** 31, /maxBufferSize[\s\S]*found: 1073741824[\s\S]*expected: 2147483648/],
  ['maxStorageBuffers', 9, /maxStorageBuffers[\s\S]*no limit of that name/],
])('a limit that the adapter does not reach: %s', async (name, value, words) => {
  const error = await reject(openGpu({ gpu: fakeGpu().gpu, requiredLimits: { [name]: value } }));
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error.message).toMatch(words);
});

describe('what is asked of the adapter', () => {
  const features = ['subgroups', 'timestamp-query', 'shader-f16'];

  test('its own largest buffers, the defaults for all else, the features that are used', async () => {
    const { gpu, asked } = fakeGpu({}, { features });
    await openGpu({ gpu });
    expect(asked.device?.requiredLimits).toEqual({
      maxBufferSize: 2 ** 30,
      maxStorageBufferBindingSize: 2 ** 29,
      maxStorageBuffersPerShaderStage: 10,
    });
    expect(asked.device?.requiredFeatures).toEqual(['subgroups', 'timestamp-query']);
  });

  test('limits by name on top of them', async () => {
    const { gpu, asked } = fakeGpu();
    await openGpu({ gpu, requiredLimits: { maxBufferSize: 2 ** 29, maxComputeWorkgroupSizeX: 512 } });
    expect(asked.device?.requiredLimits).toMatchObject({ maxBufferSize: 2 ** 29, maxComputeWorkgroupSizeX: 512 });
    expect(asked.device?.requiredFeatures).toEqual([]);
  });

  test('nothing, where the defaults have to do', async () => {
    const { gpu, asked } = fakeGpu({}, { features });
    const { traits, timestamps } = await openGpu({ gpu, defaultLimitsOnly: true });
    expect(asked.device).toMatchObject({ requiredLimits: {}, requiredFeatures: [] });
    expect([traits.subgroupSize, timestamps]).toEqual([0, false]);
  });
});

describe('what is reported of the adapter', () => {
  const subgroups = { features: ['subgroups', 'timestamp-query'] };
  test.each([
    ['one size of subgroups', { subgroupMinSize: 4, subgroupMaxSize: 4 }, subgroups, 4],
    ['several sizes: no kernel may count on one', { subgroupMinSize: 32, subgroupMaxSize: 64 }, subgroups, 0],
    ['sizes, but no feature', { subgroupMinSize: 4, subgroupMaxSize: 4 }, {}, 0],
  ])('%s', async (_, info, options, subgroupSize) => {
    const { traits, timestamps } = await openGpu({ gpu: fakeGpu(info, options).gpu });
    expect(traits).toMatchObject({ software: false, subgroupSize });
    expect(timestamps).toBe('features' in options);
  });

  test.each([
    ['google', 'swiftshader', '', true],
    ['mesa', 'llvmpipe', '', true],
    ['microsoft', 'warp', 'Microsoft Basic Render Driver', true],
    ['nvidia', 'ampere', 'NVIDIA GeForce RTX 3090', false],
    ['apple', 'metal-3', '', false],
  ])('%s %s %s: software is %s', async (vendor, architecture, description, software) => {
    const { adapter } = await openGpu({ gpu: fakeGpu({ vendor, architecture, description }).gpu });
    expect(adapter).toEqual({ vendor, architecture, device: '', description, software });
  });

  const unnamed = { vendor: '', architecture: '', isFallbackAdapter: true };
  const half = { features: ['shader-f16'] };
  test.each<[string, Partial<GPUAdapterInfo>, { features?: string[] }, boolean]>([
    ['llvmpipe in Deno', { vendor: 'mesa', description: 'llvmpipe (LLVM 15.0.6, 256 bits)' }, half, true],
    ['llvmpipe in Firefox, which does not name it', unnamed, half, true],
    ['SwiftShader in Firefox, which does not name it either', unnamed, {}, false],
    ['SwiftShader in Chrome', { vendor: 'google', architecture: 'swiftshader' }, {}, false],
    ['a GPU in Firefox', { ...unnamed, isFallbackAdapter: false }, half, false],
  ])('the loads of %s', async (_, info, options, gathers) => {
    const { traits } = await openGpu({ gpu: fakeGpu(info, options).gpu });
    expect(traits.gathers ?? false).toBe(gathers);
  });
});

describe('tensor cores', () => {
  const features = ['subgroups', 'timestamp-query', 'shader-f16', 'chromium-experimental-subgroup-matrix'];
  const config = (M: number, N: number, K: number, componentType = 'f16', resultComponentType = 'f32') => ({
    ...{ M, N, K, componentType, resultComponentType },
  });
  const onNvidia = [config(16, 8, 16), config(16, 16, 16, 'f16', 'f16'), config(16, 16, 16), config(32, 32, 16)];
  const sizes = { subgroupMinSize: 32, subgroupMaxSize: 32 };
  const withConfigs = (subgroupMatrixConfigs: unknown[]) =>
    ({ ...sizes, subgroupMatrixConfigs }) as Partial<GPUAdapterInfo>;
  const open = (more: Parameters<typeof fakeGpu>[1] = {}, info = withConfigs(onNvidia)) => {
    const { gpu, asked, device } = fakeGpu(info, { features, ...more });
    return { asked, device, opened: openGpu({ gpu, tensorCores: true }) };
  };

  test('are asked for only by option, together with everything else', async () => {
    const { asked, opened } = open();
    const gpu = await opened;
    expect(asked.device?.requiredFeatures).toEqual([
      ...['subgroups', 'timestamp-query', 'chromium-experimental-subgroup-matrix', 'shader-f16'],
    ]);
    expect(asked.device?.requiredLimits).toMatchObject({ maxBufferSize: 2 ** 30 });
    expect(gpu.traits).toMatchObject({ subgroupSize: 32, storageBuffers: 10 });
    const { gpu: plain, asked: askedByDefault } = fakeGpu(withConfigs(onNvidia), { features });
    const { traits } = await openGpu({ gpu: plain });
    expect(askedByDefault.device?.requiredFeatures).toEqual(['subgroups', 'timestamp-query']);
    expect(traits.subgroupMatrix).toBeUndefined();
  });

  test.each([
    ['NVIDIA', onNvidia, { m: 16, n: 16, k: 16 }],
    [
      'Intel',
      [config(8, 16, 16), config(8, 16, 16, 'f16', 'f16'), config(8, 16, 32, 'i8', 'i32')],
      { m: 8, n: 16, k: 16 },
    ],
    ['Apple', [config(8, 8, 8, 'f32'), config(8, 8, 8, 'f16', 'f16'), config(8, 8, 8)], { m: 8, n: 8, k: 8 }],
  ])('%s: the largest matrices of float16 with sums in float32', async (_, configs, matrix) => {
    const gpu = await open({}, withConfigs(configs)).opened;
    expect(gpu.traits.subgroupMatrix).toEqual({ ...matrix, subgroupSize: 32 });
  });

  test('a browser that only knows the older form of the built-in functions', async () => {
    const gpu = await open({ compiles: (code) => !code.includes('row_major') }).opened;
    expect(gpu.traits.subgroupMatrix).toEqual({ m: 16, n: 16, k: 16, subgroupSize: 32, olderForm: true });
    // Another device, as after a loss, has them too.
    expect((await gpu.reopen()).traits.subgroupMatrix).toEqual(gpu.traits.subgroupMatrix);
  });

  test.each([
    ['the features', () => open({ features: ['subgroups'] }), /acme rocket, without chromium-exp[\w-]*, shader-f16"/],
    ['configurations', () => open({}, sizes), /acme rocket, with no configuration of matrices/],
    ['float16 with sums in float32', () => open({}, withConfigs([config(8, 8, 8, 'f32')])), /with 8x8x8 of f32 in f32/],
    ['a size of the tiles', () => open({}, withConfigs([config(64, 16, 16)])), /with 64x16x16 of f16 in f32/],
    ['a form that the shaders know', () => open({ compiles: () => false }), /neither form of these matrices: no such/],
  ])('an adapter without %s: what there is, and what to do', async (_, opening, words) => {
    const { opened, device } = opening();
    const error = await reject(opened);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ exitCode: 2 });
    expect(error.message).toMatch(words);
    expect(error.message).toMatch(
      /expected: .*subgroups, with products of f16[\s\S]*--enable-unsafe-webgpu[\s\S]*leave tensorCores/,
    );
    // No device stays open.
    if (device.features.size > 0) expect(await device.lost).toMatchObject({ reason: 'destroyed' });
  });

  test('neither with the default limits, nor with another value', async () => {
    const { gpu } = fakeGpu(withConfigs(onNvidia), { features });
    expect((await reject(openGpu({ gpu, tensorCores: true, defaultLimitsOnly: true }))).message).toMatch(
      /cannot be combined/,
    );
    expect((await reject(openGpu({ gpu, tensorCores: 'yes' as never }))).message).toMatch(
      /Invalid tensorCores[\s\S]*"?yes/,
    );
  });

  test('where there is no adapter, the error is that of any device', async () => {
    const gpu = { requestAdapter: async () => null } as unknown as GPU;
    expect(await reject(openGpu({ gpu, tensorCores: true }))).toBeInstanceOf(SetupError);
    expect((await reject(openGpu({ tensorCores: true }))).message).toMatch(/no WebGPU/);
  });
});

describe('a browser that does not answer', () => {
  const never = () => new Promise<never>(() => undefined);

  test('when asked for an adapter, as Chrome does with some drivers', async () => {
    const error = await reject(openGpu({ gpu: { requestAdapter: never } as unknown as GPU, timeout: 20 }));
    expect(error).toBeInstanceOf(SetupError);
    expect(error.message).toMatch(
      /did not answer requestAdapter\(\) within 0\.02 seconds[\s\S]*openGpu\({ timeout }\)/,
    );
  });

  test('within 30 seconds, unless another limit is asked for', async () => {
    vi.useFakeTimers();
    try {
      const error = reject(openGpu({ gpu: { requestAdapter: never } as unknown as GPU }));
      await vi.advanceTimersByTimeAsync(30_000);
      expect((await error).message).toContain('within 30 seconds');
    } finally {
      vi.useRealTimers();
    }
  });

  test('when asked for a device; one that comes late is given back', async () => {
    const { gpu, device } = fakeGpu();
    const adapter = (await gpu.requestAdapter())!;
    let come: (device: unknown) => void = () => undefined;
    const late = { ...adapter, requestDevice: () => new Promise((resolve) => (come = resolve)) };
    const error = await reject(openGpu({ gpu: { requestAdapter: async () => late } as unknown as GPU, timeout: 20 }));
    expect(error).toBeInstanceOf(SetupError);
    expect(error.message).toMatch(/did not answer requestDevice\(\) within 0\.02 seconds/);
    come(device);
    expect(await device.lost).toMatchObject({ reason: 'destroyed' });
  });

  test.each([0, -1, Number.NaN, '5'])('a limit of %s is none', async (timeout) => {
    const error = await reject(openGpu({ gpu: fakeGpu().gpu, timeout: timeout as number }));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toMatch(/Invalid timeout[\s\S]*positive number of milliseconds/);
  });

  test('no limit at all, or one of a year', async () => {
    for (const timeout of [Number.POSITIVE_INFINITY, 3e10]) (await openGpu({ gpu: fakeGpu().gpu, timeout })).dispose();
  });
});

describe('the end of a device', () => {
  test('disposed of', async () => {
    const gpu = await openGpu({ gpu: fakeGpu().gpu });
    expect(gpu.failure.aborted).toBe(false);
    gpu.dispose();
    expect(await gpu.lost).toMatchObject({ reason: 'destroyed' });
    expect(gpu.failure.reason).toBeInstanceOf(DeviceLostError);
    expect(gpu.failure.reason.message).toMatch(
      /lost \(destroyed\)[\s\S]*destroyed by the page[\s\S]*wait for the work/,
    );
  });

  test('lost for another reason', async () => {
    const { gpu: entry, lose } = fakeGpu();
    const gpu = await openGpu({ gpu: entry });
    lose('unknown', 'the driver hung');
    await gpu.lost;
    expect(gpu.failure.reason.message).toMatch(/lost \(unknown\)[\s\S]*the driver hung[\s\S]*open a new device/);
  });

  test('a command that the GPU refused', async () => {
    const { gpu: entry, device } = fakeGpu();
    const gpu = await openGpu({ gpu: entry });
    device.dispatchEvent(Object.assign(new Event('uncapturederror'), { error: { message: 'binding too small' } }));
    expect(gpu.failure.reason).toBeInstanceOf(DeviceLostError);
    expect(gpu.failure.reason.message).toContain('binding too small');
  });
});

/** Dawn's Node bindings free the GPU object as soon as JavaScript has no reference to it, even if its devices are in use. */
describe('what a device came from', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;

  /** Waits for the next task: a WeakRef's target is kept alive until the task that dereferenced it ends. */
  const collected = async (refs: WeakRef<object>[]) => {
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setTimeout(resolve));
      collectGarbage();
    }
    return refs.map((ref) => ref.deref() === undefined);
  };

  /** Only `openGpu` references the GPU object and the adapter of this one; a closure of `fakeGpu` would reference both. */
  class BareGpu {
    async requestAdapter() {
      return bareAdapter(this.adapters, this.device);
    }
    constructor(
      private readonly adapters: WeakRef<object>[],
      private readonly device: object,
    ) {}
  }

  function bareAdapter(adapters: WeakRef<object>[], device: object) {
    const adapter = { info: {}, features: new Set(), limits: {}, requestDevice: async () => device };
    adapters.push(new WeakRef(adapter));
    return adapter;
  }

  async function openBare(device: object): Promise<WeakRef<object>[]> {
    const refs: WeakRef<object>[] = [];
    const gpu = new BareGpu(refs, device);
    refs.push(new WeakRef(gpu));
    await openGpu({ gpu: gpu as unknown as GPU });
    return refs;
  }

  test('lives as long as the device, which may be all that a program keeps of it', async () => {
    const { device } = fakeGpu();
    const refs = await openBare(device);
    expect(await collected(refs)).toEqual([false, false]);
    device.destroy();
    await device.lost;
    expect(await collected(refs)).toEqual([true, true]);
  });
});
