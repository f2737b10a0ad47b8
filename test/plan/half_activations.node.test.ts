import { describe, expect, test } from 'vitest';
import type { Traits } from '../../src/gpu/device.ts';
import { RecordReader } from '../../src/health/records.ts';
import { type Model, type PresetName, presetModel } from '../../src/index.ts';
import { hazardsOf, shareMemory } from '../../src/plan/liveness.ts';
import { loadJointLaunches, loadKernels } from '../../src/plan/load_kernels.ts';
import { Planner } from '../../src/plan/planner.ts';
import { sequencesOf } from '../../src/plan/steps.ts';
import { fillTrainerOptions } from '../../src/train/fill_trainer_options.ts';
import { planTraining } from '../../src/train/plan_training.ts';
import type { TrainerOptions } from '../../src/train/trainer_options.ts';

const half = { activationStorage: 'float16' } as const;
const limits = { mostBytes: 2 ** 30, mostArenaBytes: 2 ** 27 };
const software: Traits = { software: true, subgroupSize: 4 };
const hardware: Traits = { software: false, subgroupSize: 32, storageBuffers: 10 };

async function planOf(options: TrainerOptions, traits: Traits) {
  const settings = fillTrainerOptions(options);
  const plan = await loadKernels(settings);
  const planner = new Planner(traits, limits, {}, await loadJointLaunches(traits));
  const steps = plan(planner, settings, new RecordReader(settings.model, settings.health, settings));
  return { planner, steps, sequences: sequencesOf(steps) };
}

const images = (name: PresetName): [number, number, number] => (name === 'tutorial' ? [28, 28, 1] : [32, 32, 3]);
const presets: PresetName[] = [
  'tutorial',
  'resnet8',
  'resnet20',
  'mobilenet-small',
  'deep-tanh-layernorm',
  'vgg-small',
];

describe.each(presets)('%s in float16', (name) => {
  const options: TrainerOptions = {
    model: presetModel(name, images(name), 10),
    batchSize: 8,
    activationStorage: 'float16',
  };

  test.each([
    ['a software adapter', software, undefined],
    ['a GPU', hardware, undefined],
    ['a GPU, with a dynamic scale', hardware, 'dynamic' as const],
  ])('has no hazards on %s, and stores every large activation as halves', async (_, traits, lossScale) => {
    const { planner, steps, sequences } = await planOf({ ...options, lossScale }, traits);
    const slots = shareMemory(planner.buffers, sequences);
    for (const sequence of sequences) expect(hazardsOf(sequence, slots)).toEqual([]);
    const used = new Set(
      sequences.flat().flatMap(({ buffers }) => Object.values(buffers).map(({ bound }) => bound.buffer)),
    );
    const floats = [...used].filter(({ kind, half }) => !half && ['value', 'gradient', 'scratch'].includes(kind));
    // Logits and their gradients, positions of maxima, statistics and partial sums.
    const others = floats.filter(
      ({ label }) => !/argmax|statistics|_parts|_folded|^activations_|\.dgamma|\.dbeta/.test(label),
    );
    const { training, gradient, inference } = steps.network;
    const logits = [training, gradient, inference].flatMap(({ logits, logitsGradient }) => [logits, logitsGradient]);
    const labels = new Set(logits.map(({ bound }) => bound.buffer.label));
    expect(others.filter(({ label }) => !labels.has(label)).map(({ label, size }) => `${label} ${size}`)).toEqual([]);
    // No binding starts where WebGPU does not allow it.
    for (const { buffers } of sequences.flat()) {
      for (const { bound, half } of Object.values(buffers)) {
        expect(bound.offset % 256).toBe(0);
        expect(half).toBe(bound.buffer.half);
      }
    }
  });
});

test('bytes of resnet20 at batch size 128', async () => {
  const dataset = { imageShape: [32, 32, 3] as const, count: 50_000 };
  const bytesOf = async (more: Partial<TrainerOptions>, traits: Traits) => {
    const model = presetModel('resnet20', [32, 32, 3], 10);
    const plan = await planTraining({ model, batchSize: 128, ...more }, dataset, { traits, limits });
    const traffic = plan.dispatches.reduce((sum, { bytes }) => sum + bytes, 0);
    return { memory: plan.bytes.shared, apart: plan.bytes.apart, traffic, dispatches: plan.dispatches.length };
  };
  for (const traits of [software, hardware]) {
    const [full, half] = [await bytesOf({}, traits), await bytesOf({ activationStorage: 'float16' }, traits)];
    console.log(JSON.stringify({ software: traits.software, float32: full, float16: half }));
    expect(half.memory).toBeLessThan(0.6 * full.memory);
    expect(half.traffic).toBeLessThan(0.6 * full.traffic);
  }
});

test('a dynamic scale takes one more launch, at the end of the step, and a word of each record', async () => {
  const model: Model = presetModel('resnet8', [32, 32, 3], 10);
  for (const health of ['norms', 'off'] as const) {
    const [fixed, dynamic] = [
      await planOf({ model, health, ...half }, hardware),
      await planOf({ model, health, ...half, lossScale: 'dynamic' }, hardware),
    ];
    const names = ({ sequences }: typeof fixed) => sequences[0]!.map(({ name }) => name);
    expect(names(dynamic)).toEqual([...names(fixed), 'adapt_loss_scale']);
    const wordsOf = ({ steps }: typeof fixed) => steps.training.records.size / 4;
    expect(wordsOf(dynamic) - wordsOf(fixed)).toBe(128);
  }
});

test('a plan without the option is the same as before it existed', async () => {
  const model: Model = presetModel('resnet8', [32, 32, 3], 10);
  const { planner } = await planOf({ model }, software);
  expect(planner.buffers.some(({ half }) => half)).toBe(false);
  expect(planner.finish).toBeUndefined();
});

const refusal =
  /Invalid activationStorage or lossScale.*without lossScale, or 'float16' with a power of two from 1 to 2\^24 or 'dynamic'/s;
test.each([
  { activationStorage: 'half' },
  { lossScale: 1024 },
  { lossScale: 'dynamic' },
  ...[1000, 0, 0.5, 2 ** 25, Number.NaN, -2, '1024', 'Dynamic'].map((lossScale) => ({
    activationStorage: 'float16',
    lossScale,
  })),
])('%j is refused', async (options) => {
  const model = presetModel('tutorial', [28, 28, 1], 10);
  await expect(loadKernels(fillTrainerOptions({ model, ...options } as TrainerOptions))).rejects.toThrow(refusal);
});

test('the default scale follows the batch size', async () => {
  const model = presetModel('tutorial', [28, 28, 1], 10);
  const scaleOf = async (batchSize: number, more: Partial<TrainerOptions> = half) => {
    const settings = fillTrainerOptions({ model, batchSize, ...more });
    await loadKernels(settings);
    return settings.lossScale;
  };
  expect([await scaleOf(1), await scaleOf(32), await scaleOf(100), await scaleOf(128)]).toEqual([64, 2048, 8192, 8192]);
  expect(await scaleOf(32, { ...half, lossScale: 16 })).toBe(16);
  expect(await scaleOf(32, { ...half, lossScale: 'dynamic' })).toBe('dynamic');
  expect(await scaleOf(32, {})).toBeUndefined();
  expect(await scaleOf(32, { activationStorage: 'float32' })).toBeUndefined();
});
