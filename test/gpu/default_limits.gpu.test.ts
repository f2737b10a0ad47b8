import { afterAll, describe, expect, test } from 'vitest';
import { definitions } from '../../src/augment/ops/index.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import type { Hole } from '../../src/gpu/wgsl.ts';
import { createDataset, createTrainer, type TrainerOptions } from '../../src/index.ts';
import { everyKernel } from '../kernels/every_kernel.ts';

// WebGPU's default limits, of the specification's table: https://www.w3.org/TR/webgpu/#limits
const defaults = {
  maxBindGroups: 4,
  maxBindingsPerBindGroup: 1000,
  maxDynamicStorageBuffersPerPipelineLayout: 4,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 134217728,
  minStorageBufferOffsetAlignment: 256,
  maxBufferSize: 268435456,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupsPerDimension: 65535,
};

const limitsOf = ({ device }: Gpu) =>
  Object.fromEntries(Object.keys(defaults).map((name) => [name, device.limits[name as keyof typeof defaults]]));

/** The device's default limits with the adapter's features: what kernels with subgroups have to live with. */
const featuresOnly = {
  async requestAdapter(options?: GPURequestAdapterOptions) {
    const adapter = (await navigator.gpu.requestAdapter(options))!;
    return {
      info: adapter.info,
      features: adapter.features,
      limits: adapter.limits,
      requestDevice: ({ requiredFeatures }: GPUDeviceDescriptor) => adapter.requestDevice({ requiredFeatures }),
    };
  },
} as unknown as GPU;

const weakest: Gpu = await openGpu({ defaultLimitsOnly: true });
const withFeatures: Gpu = await openGpu({ gpu: featuresOnly });
afterAll(() => {
  for (const gpu of [weakest, withFeatures]) gpu.dispose();
});

/** Every shader that either device gets from here on. */
const modules: { name: string; module: GPUShaderModule }[] = [];
for (const { device } of [weakest, withFeatures]) {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    const module = create(descriptor);
    modules.push({ name: descriptor.label ?? '', module });
    return module;
  };
}

test('the devices really have the defaults and nothing more', () => {
  expect(limitsOf(weakest)).toEqual(defaults);
  expect(limitsOf(withFeatures)).toEqual(defaults);
  expect([...weakest.device.features].filter((name) => name !== 'core-features-and-limits')).toEqual([]);
  expect(weakest.traits.subgroupSize).toBe(0);
});

const named = everyKernel.map((check) => [check.name, check] as const);

test.each(named)('%s, shape %#: every variant that needs no feature', (_, { run }) => run(weakest));

test.each(named.filter(([, { variants }]) => variants(withFeatures) > variants(weakest)))(
  '%s, shape %#: the variant that this adapter likes best',
  (_, { run }) => run(withFeatures, 0),
);

describe('augmentation', () => {
  /** Options that an op can't do without: a new one that has any is told here. */
  const options: Record<string, object> = {
    randomCrop: { size: 8, padding: 1 },
    randomResizedCrop: { size: 8 },
    cutout: { size: 2 },
    randomGamma: { gamma: 2 },
    randomSolarize: { threshold: 100 },
    randomPosterize: { bits: 3 },
    randomAdjustSharpness: { sharpnessFactor: 2 },
    gaussianBlur: { kernelSize: 3 },
    gridMask: { d: 3 },
  };
  const [pairs, others] = [true, false].map((paired) =>
    [...definitions.keys()].filter((type) => (type === 'mixUp' || type === 'cutMix') === paired),
  );
  const ops = [...others!, ...pairs!].map((type) => ({ type, ...options[type] }));
  const generator = {
    rotationRange: 10,
    widthShiftRange: 0.1,
    brightnessRange: [0.5, 1.5],
    channelShiftRange: 20,
    samplewiseCenter: true,
    samplewiseStdNormalization: true,
    horizontalFlip: true,
  };
  test.each(Object.entries({ 'every op': ops, 'a generator': generator, nothing: null }))('%s', async (_, how) => {
    const dataset = createDataset({
      images: Uint8Array.from({ length: 6 * 8 * 8 * 3 }, (_, i) => (i * 7919) % 256),
      labels: Uint8Array.from([0, 1, 0, 1, 0, 1]),
      imageShape: [8, 8, 3],
      classNames: ['a', 'b'],
    });
    const model: TrainerOptions['model'] = {
      inputShape: [8, 8, 3],
      layers: [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'softmax' }],
    };
    const trainer = createTrainer(weakest, {
      model,
      batchSize: 4,
      augmentation: how as TrainerOptions['augmentation'],
    });
    const { steps } = await trainer.fit(dataset);
    expect(steps).toHaveLength(2);
    trainer.dispose();
  });
});

describe('of all that was compiled here', () => {
  test('no shader is missing', () => {
    const stems = Object.keys(import.meta.glob('../../shaders/*.wgsl')).map((path) => path.match(/(\w+)\.wgsl$/)![1]!);
    expect(stems.length).toBeGreaterThan(15);
    const seen = new Set(modules.map(({ name }) => name));
    expect(stems.filter((stem) => !seen.has(stem))).toEqual([]);
  });

  test('every branch of a kernel was taken, and not taken', () => {
    const seen: Record<string, Record<string, Set<Hole>>> = {};
    for (const { name, flags } of everyKernel) {
      if (name.startsWith('dense_')) continue; // the convolutions' shaders
      for (const values of flags(withFeatures)) {
        for (const [flag, value] of Object.entries(values)) {
          seen[name] ??= {};
          seen[name][flag] ??= new Set();
          if (typeof value === 'boolean') seen[name][flag].add(value);
        }
      }
    }
    const half = Object.entries(seen).flatMap(([name, flags]) =>
      Object.entries(flags).flatMap(([flag, values]) => (values.size === 1 ? [`${name}: ${flag}`] : [])),
    );
    expect(half).toEqual([]);
  });

  test('the compiler has nothing to say', async () => {
    for (const { name, module } of modules) {
      const { messages } = await module.getCompilationInfo();
      expect(messages.map(({ type, message, lineNum }) => `${name}:${lineNum} ${type}: ${message}`)).toEqual([]);
    }
  });
});
