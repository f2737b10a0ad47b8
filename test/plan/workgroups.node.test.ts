import { describe, expect, test } from 'vitest';
import type { Traits } from '../../src/gpu/device.ts';
import { RecordReader } from '../../src/health/records.ts';
import type { LayerConfig, Model } from '../../src/index.ts';
import { loadKernels } from '../../src/plan/load_kernels.ts';
import { Planner } from '../../src/plan/planner.ts';
import { planSteps, sequencesOf } from '../../src/plan/steps.ts';
import { fillTrainerOptions } from '../../src/train/fill_trainer_options.ts';

/** WebGPU's limit. A launch beyond it would be refused: it has to be folded into rows of workgroups. */
const most = 65535;

// Buffers are only labels in a plan, so the size of the images costs nothing.
const inputShape: [number, number, number] = [512, 512, 3];
const batchSize = 1024;
const limits = { mostBytes: 2 ** 60, mostArenaBytes: 2 ** 60 };

const conv = { type: 'conv2d', filters: 64, kernelSize: 3, padding: 'same', activation: 'relu' } as const;
const size = { kernelSize: 3, padding: 'same' } as const;

/** Layers that keep a lot of pixels, each after a convolution that makes 64 channels of them, and before a head. */
const layers: Record<string, LayerConfig[]> = {
  conv2d: [conv],
  'conv2d with a pool': [{ ...conv, activation: 'linear' }, { type: 'maxPooling2d' }],
  'conv2d of odd channels': [{ ...conv, filters: 65 }, conv],
  'conv2d of 1 x 1': [{ ...conv, kernelSize: 1 }],
  'grouped conv2d': [{ ...conv, groups: 4 }],
  depthwiseConv2d: [{ type: 'depthwiseConv2d', ...size }],
  separableConv2d: [{ type: 'separableConv2d', filters: 64, ...size }],
  conv2dTranspose: [{ type: 'conv2dTranspose', filters: 64, ...size }],
  batchNormalization: [{ type: 'batchNormalization' }],
  layerNormalization: [{ type: 'layerNormalization' }],
  groupNormalization: [{ type: 'groupNormalization', groups: 4 }],
  activation: [{ type: 'activation', activation: 'gelu' }],
  dropout: [{ type: 'dropout', rate: 0.5 }],
  gaussianNoise: [{ type: 'gaussianNoise', stddev: 0.1 }],
  averagePooling2d: [{ type: 'averagePooling2d' }],
  'overlapping maxPooling2d': [{ type: 'maxPooling2d', poolSize: 3, strides: 1 }],
  upSampling2d: [{ type: 'upSampling2d' }],
  zeroPadding2d: [{ type: 'zeroPadding2d' }],
  cropping2d: [{ type: 'cropping2d', cropping: 1 }],
  globalMaxPooling2d: [{ type: 'globalMaxPooling2d', keepdims: true }, conv],
  add: [
    { ...conv, name: 'left' },
    { type: 'add', inputs: ['left', 'first'] },
  ],
  concatenate: [
    { ...conv, name: 'left' },
    { type: 'concatenate', inputs: ['left', 'first'] },
  ],
};

const adapters: [string, Traits][] = [
  ['SwiftShader', { software: true, subgroupSize: 4 }],
  ['a GPU', { software: false, subgroupSize: 32 }],
];

async function launchesOf(middle: readonly LayerConfig[], traits: Traits) {
  const head = [{ type: 'globalAveragePooling2d' }, { type: 'dense', units: 10, activation: 'softmax' }];
  const model = { inputShape, layers: [{ ...conv, name: 'first' }, ...middle, ...head] } as Model;
  const settings = fillTrainerOptions({ model, batchSize });
  await loadKernels(settings);
  const planner = new Planner(traits, limits);
  const sequences = sequencesOf(planSteps(planner, settings, new RecordReader(settings.model, 'norms', settings)));
  return { planner, launches: [...new Set(sequences.flat())] };
}

describe.each(adapters)(
  'on %s no launch over 1,024 images of 512 x 512 has more workgroups than WebGPU allows',
  (_, traits) => {
    test.each(Object.entries(layers))('%s', async (_, middle) => {
      const { planner, launches } = await launchesOf(middle, traits);
      // The sum over the first convolution's pixels needs more than one row of workgroups, so there is something to fold.
      expect(launches.some(({ kernel }) => kernel.workgroups[1] > 1)).toBe(true);
      for (const { kernel } of launches) expect(Math.max(...kernel.workgroups), kernel.name).toBeLessThanOrEqual(most);
      for (const { kernel, shape } of planner.tunable.values()) {
        for (const variant of kernel.variants!(shape, traits)) {
          expect(Math.max(...kernel.workgroups(shape, variant).map(Number)), kernel.name).toBeLessThanOrEqual(most);
        }
      }
    });
  },
);
