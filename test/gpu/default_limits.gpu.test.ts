import { describe, expect, test } from 'vitest';
import { definitions } from '../../src/augment/ops/index.ts';
import { parseAugmentation } from '../../src/augment/pipeline.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import type { Hole } from '../../src/gpu/wgsl.ts';
import { createDataset, createTrainer, type TrainerOptions } from '../../src/index.ts';
import { activationFlags } from '../../src/kernels/activation.ts';
import { everyKernel } from '../kernels/every_kernel.ts';
import { modules, weakest, withFeatures } from './limited_gpus.ts';

// WebGPU's default limits, from the specification's table: https://www.w3.org/TR/webgpu/#limits.
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
  const imageShape: [number, number, number] = [8, 8, 3];
  const refusal = (op: { type: string }): string => {
    try {
      parseAugmentation([op], imageShape);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  /** An op with its required options, which its own error messages name. */
  function opOf(type: string): { type: string } {
    let op = { type };
    for (let asked = refusal(op); asked; asked = refusal(op)) {
      const option = /lacks (\w+)/.exec(asked)?.[1];
      const value = [8, 3, 0.5].find((n) => option && !refusal({ ...op, [option]: n }).includes(option));
      if (!option || value === undefined) throw new Error(asked);
      op = { ...op, [option]: value };
    }
    return op;
  }
  /** A few ops at a time: a single kernel with all of them takes far longer to compile. */
  const each = 5;
  const types = [...definitions.keys()];
  const pipelines = Array.from({ length: Math.ceil(types.length / each) }, (_, i) => {
    const some = types.slice(i * each, (i + 1) * each);
    // Partners are mixed after both images are finished.
    const isPair = (type: string) => type === 'mixUp' || type === 'cutMix';
    const ops = [...some.filter((type) => !isPair(type)), ...some.filter(isPair)];
    return [ops.join(', '), ops.map(opOf)] as const;
  });
  const generator = {
    rotationRange: 10,
    widthShiftRange: 0.1,
    brightnessRange: [0.5, 1.5],
    channelShiftRange: 20,
    samplewiseCenter: true,
    samplewiseStdNormalization: true,
    horizontalFlip: true,
  };
  const augmentations = [...pipelines, ['a generator', generator], ['nothing', null]] as const;
  test.each(augmentations)('%s', async (_, how) => {
    const dataset = createDataset({
      images: Uint8Array.from({ length: 6 * 8 * 8 * 3 }, (_, i) => (i * 7919) % 256),
      labels: Uint8Array.from([0, 1, 0, 1, 0, 1]),
      imageShape,
      classNames: ['a', 'b'],
    });
    const { height, width, channels } = parseAugmentation(how ?? {}, imageShape).to;
    const model: TrainerOptions['model'] = {
      inputShape: [height, width, channels],
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
    const names = new Set(modules.map(({ name }) => name));
    const runs = everyKernel.filter(({ name }) => names.has(name)).map(({ shader }) => shader);
    const seen = new Set([...names, ...runs]);
    expect(stems.filter((stem) => !seen.has(stem))).toEqual([]);
  });

  test('every branch of a shader was taken, and not taken', () => {
    const sources = import.meta.glob<string>('../../shaders/*.wgsl', { query: '?raw', import: 'default', eager: true });
    expect(sources['../../shaders/conv2d_forward.wgsl']).toContain('pooled');
    const seen: Record<string, Record<string, Set<Hole>>> = {};
    for (const { shader, flags } of everyKernel) {
      for (const values of flags(withFeatures)) {
        for (const [flag, value] of Object.entries(values)) {
          // The activations' code is the same in every kernel that ends with one, so only the activation kernels cover all of them.
          if (flag in activationFlags('linear') && !shader.startsWith('activation_')) continue;
          // A flag used only in a fragment must take both values among the kernels that share the fragment.
          const isOwn = sources[`../../shaders/${shader}.wgsl`]?.includes(flag) !== false;
          for (const place of isOwn ? [shader, 'any kernel'] : ['any kernel']) {
            seen[place] ??= {};
            seen[place][flag] ??= new Set();
            if (typeof value === 'boolean') seen[place][flag].add(value);
          }
        }
      }
    }
    const half = Object.entries(seen).flatMap(([shader, flags]) =>
      Object.entries(flags).flatMap(([flag, values]) => (values.size === 1 ? [`${shader}: ${flag}`] : [])),
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
