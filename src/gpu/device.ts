import { ConfigurationError, DeviceLostError, SetupError } from '../errors.ts';
import { browserTimeout, secondsText, withinTime } from '../time_limit.ts';

/**
 * The WebGPU types that wgrad's public types mention. TypeScript 6 and later, and @webgpu/types, declare the same interfaces in
 * full, and TypeScript merges the declarations. Without @webgpu/types, older compilers would otherwise report `gpu.device` as
 * an error, or treat it as `any` with `skipLibCheck`.
 */
declare global {
  interface GPU {}
  interface GPUDevice {
    readonly lost: Promise<GPUDeviceLostInfo>;
    readonly queue: GPUQueue;
  }
  interface GPUQueue {}
  interface GPUDeviceLostInfo {
    readonly message: string;
  }
}

/** Facts that an adapter reports about itself. */
export interface AdapterFacts {
  /** GPU vendor, from WebGPU's GPUAdapterInfo; may be empty. */
  vendor: string;
  /** GPU family; may be empty. */
  architecture: string;
  /** Vendor-specific identifier of the GPU; may be empty. */
  device: string;
  /** Human-readable description of the GPU; may be empty. */
  description: string;
  /** True if the adapter runs on the CPU (SwiftShader, llvmpipe, WARP). */
  software: boolean;
}

/** Properties of an adapter that determine which kernel variants are used. */
export interface Traits {
  /** True if the adapter runs on the CPU. */
  software: boolean;
  /** Subgroup size if the device has the `subgroups` feature and the size is fixed; 0 otherwise. */
  subgroupSize: number;
  /** Storage buffers that a shader may bind; WebGPU's default, 8, if omitted. Only launches of two kernels bind more. */
  storageBuffers?: number;
  /**
   * True for Mesa's llvmpipe, whose vector units load the number of each invocation separately. A load costs about 25 times as much as a
   * multiply-add, so large tiles are fastest although their sums don't fit into registers.
   */
  gathers?: boolean;
  /** The matrices that subgroups multiply on tensor cores; only if the device was opened with them. */
  subgroupMatrix?: SubgroupMatrixTrait;
}

/** A product of matrices that a subgroup computes at once: of float16, with sums in float32. */
export interface SubgroupMatrixTrait {
  /** Rows of the result. */
  m: number;
  /** Columns of the result. */
  n: number;
  /** Terms of each sum. */
  k: number;
  /** Number of invocations in the adapter's largest subgroups, of which the size of a workgroup must be a multiple. */
  subgroupSize: number;
  /** True if the browser knows the layout of a matrix only as an argument of the built-in functions. */
  olderForm?: boolean;
}

/** Options of `openGpu`. */
export interface GpuOptions {
  /** WebGPU implementation to use: `navigator.gpu` by default. Dawn for Node provides one too. */
  gpu?: GPU;
  /** `auto` uses the adapter that the browser returns; `software` and `hardware` require that kind. */
  adapter?: 'auto' | 'software' | 'hardware';
  /** Limits to request above WebGPU's defaults, by name. A data set larger than 128 MiB needs `maxStorageBufferBindingSize`. */
  requiredLimits?: Record<string, number>;
  /** Request only WebGPU's default limits and no optional features, as on the weakest conforming adapter. False by default. */
  defaultLimitsOnly?: boolean;
  /**
   * Makes variants of the matrix products available that run on tensor cores, in float16 with sums in float32: the tuner times and may choose
   * them. It needs the experimental feature `chromium-experimental-subgroup-matrix`. False by default.
   */
  tensorCores?: boolean;
  /**
   * Time limit in milliseconds for finding an adapter, and again for opening its device. 30,000 by default; Infinity for no
   * limit. With some drivers requestAdapter never resolves.
   */
  timeout?: number;
  /**
   * Whether trainers without `kernelVariants` time the variants of their kernels before training and use the fastest. `'auto'`,
   * the default, does so on hardware for at most a second, and never on the CPU; `'full'` times all variants on any adapter,
   * however long that takes; `'off'` never does.
   */
  tuning?: 'auto' | 'off' | 'full';
}

/** An open GPU device, shared by trainers and augmenters. */
export interface Gpu {
  /** The WebGPU device. */
  readonly device: GPUDevice;
  /** What the adapter reports about itself. */
  readonly adapter: AdapterFacts;
  /** Adapter properties that determine which kernel variants are used. */
  readonly traits: Traits;
  /** True if the device supports timestamp queries. */
  readonly timestamps: boolean;
  /** How trainers choose kernel variants; see `GpuOptions.tuning`. `'off'` if the device cannot measure time. */
  readonly tuning: 'auto' | 'off' | 'full';
  /** Resolves when the device is lost, including by `dispose()`. */
  readonly lost: Promise<GPUDeviceLostInfo>;
  /** Aborts with a DeviceLostError, or with the first error that no error scope caught: `unlessAborted(work, gpu.failure)`. */
  readonly failure: AbortSignal;
  /** True after `dispose()`. */
  readonly disposed: boolean;
  /** Opens another device with the same options, on a fresh adapter; for recovery after a loss. */
  reopen(): Promise<Gpu>;
  /** Destroys the device and everything on it. */
  dispose(): void;
}

const howToGetWebGpu =
  'use Chrome 113 or later, Edge, Safari 26 or Firefox 141 (on Linux with dom.webgpu.enabled), over https or localhost; on Linux start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan; ' +
  'without a GPU add --use-webgpu-adapter=swiftshader';

const howToGetAnAnswer =
  "restart the browser, update the GPU's driver, or use the software adapter: start Chrome with " +
  '--enable-unsafe-webgpu --use-webgpu-adapter=swiftshader; on a slow machine allow more time: openGpu({ timeout })';

/** Limits worth raising above their defaults, because they allow larger data sets in one binding and more kernels in one launch. */
const usefulLimits = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxStorageBuffersPerShaderStage'] as const;

/**
 * Opens a device with the adapter's maximum sizes and numbers of buffers, and WebGPU's defaults for all other limits.
 *
 * @throws SetupError if there is no WebGPU, no adapter of the requested kind, or no answer from the browser in time.
 * @throws ConfigurationError for a limit that the adapter doesn't reach, an invalid timeout, or `tensorCores` without tensor cores.
 */
export async function openGpu(options: GpuOptions = {}): Promise<Gpu> {
  if (options.tensorCores || options.requiredLimits)
    return (await import('./special_device.ts')).openSpecial(options, openGpu, ConfigurationError);
  const entry = options.gpu ?? globalThis.navigator?.gpu;
  if (!entry) {
    throw new SetupError({ what: 'This browser has no WebGPU', found: 'no navigator.gpu', fix: howToGetWebGpu });
  }
  const wanted = options.adapter ?? 'auto';
  const timeout = timeoutOf(options);
  const tuning = tuningOf(options);
  const requested = entry.requestAdapter({ powerPreference: 'high-performance' });
  const adapter = await withinTime(requested, timeout, () => noAnswer('requestAdapter()', timeout));
  if (!adapter) {
    throw new SetupError({
      what: 'This browser has WebGPU but no adapter for it',
      found: 'requestAdapter() returned null',
      fix: howToGetWebGpu,
    });
  }
  const facts = describe(adapter);
  if (wanted !== 'auto' && facts.software !== (wanted === 'software')) {
    throw new SetupError({
      what: `No ${wanted} adapter`,
      found: `${facts.vendor} ${facts.architecture} (${facts.software ? 'software' : 'hardware'})`.trim(),
      expected: `a ${wanted} adapter`,
      fix:
        wanted === 'hardware'
          ? 'start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan --ignore-gpu-blocklist, or use adapter: "auto"'
          : 'start Chrome with --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader',
    });
  }
  const device = await openDevice(adapter, options, timeout);
  keepUntilLost(device, { entry, adapter });
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  const uniform = device.features.has('subgroups') && subgroupMinSize === subgroupMaxSize;
  let disposed = false;
  return {
    device,
    adapter: facts,
    traits: {
      software: facts.software,
      subgroupSize: uniform ? subgroupMinSize : 0,
      storageBuffers: device.limits.maxStorageBuffersPerShaderStage,
      // Firefox does not name its adapter. Of the drivers for the CPU, SwiftShader does not support half precision.
      ...(facts.software && adapter.features.has('shader-f16') && { gathers: true }),
    },
    timestamps: device.features.has('timestamp-query'),
    tuning: !device.features.has('timestamp-query') || (tuning === 'auto' && facts.software) ? 'off' : tuning,
    lost: device.lost,
    failure: failureOf(device),
    get disposed() {
      return disposed;
    },
    reopen: () => openGpu(options),
    dispose: () => {
      disposed = true;
      device.destroy();
    },
  };
}

function timeoutOf({ timeout = browserTimeout }: GpuOptions): number {
  if (typeof timeout === 'number' && timeout > 0) return timeout;
  throw new ConfigurationError({
    what: 'Invalid timeout of openGpu',
    found: timeout,
    expected: 'a positive number of milliseconds, or Infinity for no limit',
  });
}

function tuningOf({ tuning = 'auto' }: GpuOptions): Gpu['tuning'] {
  if (['auto', 'off', 'full'].includes(tuning)) return tuning;
  throw new ConfigurationError({ what: 'Invalid tuning of openGpu', found: tuning, expected: 'auto, off or full' });
}

async function openDevice(adapter: GPUAdapter, options: GpuOptions, timeout: number): Promise<GPUDevice> {
  const requested = adapter.requestDevice({
    label: 'wgrad',
    requiredFeatures: options.defaultLimitsOnly ? [] : features(adapter),
    requiredLimits: limits(adapter, options),
  });
  return withinTime(requested, timeout, () => {
    // If the device still arrives after the time limit, it is destroyed.
    requested.then(
      (device) => device.destroy(),
      () => undefined,
    );
    return noAnswer('requestDevice()', timeout);
  });
}

const noAnswer = (call: string, timeout: number) =>
  new SetupError({
    what: `The browser did not answer ${call} within ${secondsText(timeout)}`,
    found: 'no answer, as happens with a GPU driver that the browser cannot use',
    fix: howToGetAnAnswer,
  });

/** The GPU object and the adapter of every open device. */
const inUse = new Set<{ entry: GPU; adapter: GPUAdapter }>();

/**
 * Keeps the GPU object and the adapter of a device alive as long as the device. Dawn's Node bindings need it: their
 * devices crash, or never answer, once the object that `create()` returned is garbage-collected.
 */
function keepUntilLost(device: GPUDevice, origin: { entry: GPU; adapter: GPUAdapter }): void {
  inUse.add(origin);
  device.lost.then(() => inUse.delete(origin));
}

function describe(adapter: GPUAdapter): AdapterFacts {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const names = `${vendor} ${architecture} ${device} ${description}`;
  const software =
    isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i.test(names);
  return { vendor, architecture, device, description, software };
}

function features(adapter: GPUAdapter): GPUFeatureName[] {
  return (['subgroups', 'timestamp-query'] as GPUFeatureName[]).filter((name) => adapter.features.has(name));
}

function limits(adapter: GPUAdapter, options: GpuOptions): Record<string, number> {
  const granted: Record<string, number> = {};
  if (!options.defaultLimitsOnly) for (const name of usefulLimits) granted[name] = adapter.limits[name];
  return granted;
}

function failureOf(device: GPUDevice): AbortSignal {
  const failure = new AbortController();
  device.lost.then((info) => {
    failure.abort(
      new DeviceLostError({
        what: `The GPU device was lost (${info.reason || 'unknown'})`,
        found: info.message || 'no message from the browser',
        fix:
          info.reason === 'destroyed'
            ? 'it was disposed of while work was pending: wait for the work first'
            : 'open a new device and start again; a batch or model that is too large for the GPU can be the cause',
      }),
    );
  });
  device.addEventListener('uncapturederror', (event) => {
    failure.abort(
      new DeviceLostError({ what: `The GPU refused a command: ${event.error.message}`, fix: 'please report this' }),
    );
  });
  return failure.signal;
}
