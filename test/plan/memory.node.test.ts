import { describe, expect, test } from 'vitest';
import type { Traits } from '../../src/gpu/device.ts';
import { specialize, type Variant } from '../../src/gpu/kernel.ts';
import { RecordReader } from '../../src/health/records.ts';
import { type HealthLevel, type Model, type OptimizerConfig, type PresetName, presetModel } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { hazardsOf, lifetimesOf, type Slot, shareMemory } from '../../src/plan/liveness.ts';
import { loadJointLaunches, loadKernels } from '../../src/plan/load_kernels.ts';
import { phasesOf, stepOf } from '../../src/plan/phases.ts';
import { PlannedDispatch, Planner } from '../../src/plan/planner.ts';
import { planSteps, sequencesOf } from '../../src/plan/steps.ts';
import { product } from '../../src/product.ts';
import { fillTrainerOptions } from '../../src/train/fill_trainer_options.ts';
import { fasterKernel } from '../../src/train/kernel_upgrades.ts';

const mebibyte = 2 ** 20;
const limits = { mostBytes: 2 ** 30, mostArenaBytes: 2 ** 27 };

async function planOf(
  network: PresetName | Model,
  batchSize: number,
  inputShape: [number, number, number] = [32, 32, 3],
  {
    optimizer = 'adam',
    accumulationSteps = 1,
    traits = { software: true, subgroupSize: 4 },
    health = 'norms',
  }: { optimizer?: OptimizerConfig; accumulationSteps?: number; traits?: Traits; health?: HealthLevel } = {},
) {
  const model = typeof network === 'string' ? presetModel(network, inputShape, 10) : network;
  const settings = fillTrainerOptions({ model, batchSize, optimizer, accumulationSteps, health });
  await loadKernels(settings);
  const planner = new Planner(traits, limits, {}, await loadJointLaunches(traits));
  const steps = planSteps(planner, settings, new RecordReader(settings.model, health, settings));
  const sequences = sequencesOf(steps);
  return { model: compileModel(model), planner, steps, sequences, slots: shareMemory(planner.buffers, sequences) };
}

const bytesOf = (slots: readonly Slot[]) => slots.reduce((sum, { size }) => sum + size, 0);

describe.each<PresetName>([
  'tutorial',
  'resnet8',
  'resnet20',
  'plain20',
  'vgg-small',
  'mobilenet-small',
  'deep-tanh-layernorm',
])('%s', (name) => {
  test('no dispatch reads what is not there, or writes what is still expected', async () => {
    // Muon has buffers that live only within the update.
    for (const optimizer of ['adam', 'muon'] as const) {
      const { sequences, slots } = await planOf(name, 8, undefined, { optimizer });
      for (const sequence of sequences) expect(hazardsOf(sequence, slots)).toEqual([]);
    }
  });

  test('nor does one on a GPU, in fewer launches of the same dispatches', async () => {
    const traits = { software: false, subgroupSize: 32, storageBuffers: 10 };
    const [joint, apart] = [
      await planOf(name, 8, undefined, { traits }),
      await planOf(name, 8, undefined, { traits: { ...traits, storageBuffers: 0 } }),
    ];
    for (const sequence of joint.sequences) expect(hazardsOf(sequence, joint.slots)).toEqual([]);
    const [step, all] = [joint, apart].map(({ sequences }) => sequences[0]!);
    expect(step!.length).toBeLessThan(all!.length - 4);
    const namesOf = (of: typeof step) => of!.flatMap(({ parts }) => parts.map(({ name }) => name)).sort();
    expect(namesOf(step)).toEqual(namesOf(all));
  });
});

/** The gradient of the second convolution's input fits into the memory of the pool's gradient. */
const narrowing: Model = {
  inputShape: [28, 28, 1],
  layers: [
    { type: 'conv2d', filters: 8, kernelSize: 3, padding: 'same' },
    { type: 'conv2d', filters: 64, kernelSize: 3 },
    { type: 'maxPooling2d' },
    { type: 'flatten' },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
};

// Without measurements, gradients share memory.
test.each(['norms', 'off'] as const)(
  'health %s: faster kernels that read the gradient of a pool find it',
  async (health) => {
    const { sequences, slots, steps } = await planOf(narrowing, 32, undefined, { health });
    const faster = new Map<PlannedDispatch, PlannedDispatch[]>();
    for (const one of steps.upgradable) {
      const { dispatch, launched } = one;
      const { kernel, shape, buffers } = fasterKernel(one, { software: true, subgroupSize: 4 });
      const specialized = specialize<object, Variant>(kernel, shape, { software: true, subgroupSize: 4 });
      faster.set(dispatch, [new PlannedDispatch(specialized, dispatch.layer, buffers, launched)]);
      const expansion = one.buffers.pooled && sequences[0]!.find(({ writes: [written] }) => written === one.buffers.dy);
      if (expansion) faster.set(expansion, []);
    }
    const changed = sequences.map((sequence) => sequence.flatMap((dispatch) => faster.get(dispatch) ?? [dispatch]));
    const [first, later] = [sequences[0]!, changed[0]!].map((sequence) => sequence.map(({ name }) => name));
    expect(first!.filter((name) => name !== 'max_pool_backward')).toEqual(later);
    expect(later!.length).toBe(first!.length - 1);
    for (const sequence of changed) expect(hazardsOf(sequence, slots)).toEqual([]);
    const { dispatch, buffers } = steps.upgradable.find((one) => one.buffers.pooled)!;
    const { last } = lifetimesOf(sequences[0]!).get(buffers.pooled!.bound.buffer)!;
    expect(last).toBeGreaterThanOrEqual(sequences[0]!.indexOf(dispatch));
  },
);

test('a step of three micro-batches has the hazards of none, and takes a batch’s memory and two arenas more', async () => {
  const [one, three] = [await planOf('resnet8', 8), await planOf('resnet8', 8, undefined, { accumulationSteps: 3 })];
  const { training } = three.steps;
  const order = stepOf(phasesOf(three.steps, [], training.loss), training.accumulation).map(({ dispatch }) => dispatch);
  expect(order.filter(({ name }) => name === 'begin_step')).toHaveLength(1);
  expect(order.filter(({ name }) => name === 'begin_micro_batch')).toHaveLength(2);
  expect(order.filter(({ name }) => name === 'accumulate_gradients')).toHaveLength(3);
  expect(order.filter(({ name }) => name === 'adam')).toHaveLength(1);
  expect(hazardsOf(order, three.slots)).toEqual([]);
  for (const sequence of three.sequences) expect(hazardsOf(sequence, three.slots)).toEqual([]);
  const { gradients, moving } = three.steps.network;
  const sums = gradients.all.size + moving!.all.size + 16;
  expect(bytesOf(three.slots) - bytesOf(one.slots)).toBe(sums);
});

test('resnet20 at batch 128: the plan compared with the sum of its activations, and how much liveness saves', async () => {
  const { model, sequences, slots } = await planOf('resnet20', 128);
  const activations = model.layers.reduce((sum, { outputShape }) => sum + 4 * 128 * product(outputShape), 0);
  // Only of a training step: in the plan, evaluation has separate buffers in the same memory.
  const apart = [...lifetimesOf(sequences[0]!).keys()].reduce((sum, { size }) => sum + size, 0);
  const shared = bytesOf(slots);
  const text = (bytes: number) => `${(bytes / mebibyte).toFixed(0)} MiB`;
  console.log(
    `resnet20, batch 128: the plan takes ${text(shared)}; all layers' outputs together ${text(activations)}; ` +
      `with a buffer for everything in a step it would take ${text(apart)}: liveness saves ${text(apart - shared)}`,
  );
  expect(shared).toBeLessThan(0.75 * apart);
});
