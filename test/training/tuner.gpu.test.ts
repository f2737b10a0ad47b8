import { clear, createStore, get, set } from 'idb-keyval';
import { expect, test, vi } from 'vitest';
import { ConfigurationError, ShaderError } from '../../src/errors.ts';
import { type Kernel, specialize } from '../../src/gpu/kernel.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { runnableVariants } from '../../src/gpu/runnable_variants.ts';
import { unmatchedVariants } from '../../src/gpu/unmatched_variants.ts';
import { isSameVariant, variantKey } from '../../src/gpu/variants.ts';
import {
  createTrainer,
  type KernelVariants,
  loadTrainer,
  type Model,
  openGpu,
  type TunedKernel,
  tune,
} from '../../src/index.ts';
import { sequencesOf } from '../../src/plan/steps.ts';
import { networkGradients } from '../../src/reference/network.ts';
import { timeKernel } from '../../src/selftest/time_kernel.ts';
import { planEngine, tunableKernels } from '../../src/train/plan_engine.ts';
import { fillOptions } from '../../src/train/trainer_options.ts';
import { fastestOf, tuneKernels } from '../../src/train/tuner.ts';
import type { MachineTimes, TuningCache } from '../../src/train/tuning_cache.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { boundsOfBatch } from './batch_bounds.ts';
import { expectBatch } from './closeness.ts';
import { batchOf, smallDataset, smallModel } from './small.ts';

const options = { model: smallModel, batchSize: 4, seed: 3 };
const [images, labels] = batchOf(smallDataset(4), 0, 4);

const tuning = await tune(gpu, options, { mode: 'full' });

test('every kernel with several variants is timed in all of them, and the default comes first', () => {
  const names = new Set(tuning.kernels.map(({ kernel }) => kernel));
  for (const name of ['conv2d_forward', 'conv2d_backward_x', 'conv2d_backward_w', 'dense_forward']) {
    expect(names).toContain(name);
  }
  for (const { timings, chosen } of tuning.kernels) {
    expect(timings.length).toBeGreaterThan(1);
    for (const { microseconds } of timings) expect(microseconds).toBeGreaterThan(0);
    expect(timings.some(({ variant }) => isSameVariant(variant, chosen))).toBe(true);
  }
  expect({ left: tuning.left, fromCache: tuning.fromCache }).toEqual({ left: 0, fromCache: 0 });
});

test.each([2048, 'dynamic'] as const)(
  'activations in float16 with a loss scale of %s: the forms that the run uses are timed',
  async (lossScale) => {
    const half = { ...options, activationStorage: 'float16', lossScale } as const;
    const { stepPlan, planner } = await planEngine(gpu, fillOptions(half), new Memory(gpu.device), true);
    const planned = new Map(
      sequencesOf(stepPlan)
        .flat()
        .map(({ kernel, launched }) => [variantKey(launched.kernel, launched.shape), kernel] as const),
    );
    const formed = [...planner.tunable].filter(([, { form }]) => form);
    expect(formed.map(([, { kernel }]) => kernel.name)).toEqual(
      expect.arrayContaining(['conv2d_forward_narrow', 'conv2d_backward_w', 'dense_backward_x', 'dense_backward_w']),
    );
    for (const [key, { kernel, shape, form }] of formed) {
      const { text, bindings } = form!(specialize(kernel, shape, gpu.traits));
      expect(text, key).toMatch(/load_from_/);
      expect({ text, bindings }, key).toEqual({ text: planned.get(key)!.text, bindings: planned.get(key)!.bindings });
    }
    // Times of the float32 forms are not used for them, and the other way round.
    const again = await tune(gpu, half, { cache: tuning.cache, mode: 'full' });
    expect(again.fromCache).toBe(planner.tunable.size - formed.length);
    expect(again.left).toBe(0);
    for (const { timings } of again.kernels)
      for (const { microseconds } of timings) expect(microseconds).toBeGreaterThan(0);
    const before = await tune(gpu, options, { cache: again.cache, mode: 'full' });
    expect(before.fromCache).toBe(tuning.kernels.length);
  },
);

test('the fastest variant is chosen, or the default if the difference is within the noise', () => {
  const timed = (name: string, microseconds: number, spreadMicroseconds = 2) => ({
    ...{ variant: { name }, microseconds, spreadMicroseconds },
  });
  expect(fastestOf([timed('a', 10), timed('b', 7), timed('c', 6)])).toEqual({ name: 'c' });
  expect(fastestOf([timed('a', 10), timed('b', 8.5)])).toEqual({ name: 'a' });
  // A clock that measured 0 gives no information.
  expect(fastestOf([timed('a', 10), timed('b', 0)])).toEqual({ name: 'a' });
});

test('a variant that the driver does not compile is left out, with the reason; the default must compile', async () => {
  const kernel: Kernel<object> = {
    name: 'half_broken',
    source: `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1) fn main() { y[0] = \${value}; }`,
    variants: () => [{ value: '1.0' }, { value: 'nothing' }, { value: '2.0' }],
    flags: (_, variant) => variant,
    buffers: () => ({ y: 1 }),
    workgroups: () => [1],
    cost: () => ({ flops: 1, bytes: 4 }),
  };
  const timed = (each: Kernel<object>) =>
    tuneKernels(gpu, new Map([['half_broken {}', { kernel: each, shape: {} }]]), { mode: 'full' });
  const [tuned] = (await timed(kernel)).kernels;
  expect(tuned!.timings.map(({ variant }) => variant.value)).toEqual(['1.0', '2.0']);
  expect(tuned!.failed).toEqual([
    {
      variant: { value: 'nothing' },
      error: expect.stringContaining("half_broken.wgsl doesn't compile"),
      reason: "unresolved value 'nothing'",
    },
  ]);
  await expect(timed({ ...kernel, variants: () => [{ value: 'nothing' }, { value: '1.0' }] })).rejects.toThrow(
    ShaderError,
  );
});

test('wgrad profile --kernel times the variants that compile, and lists the others with the reason', async () => {
  const create = gpu.device.createComputePipelineAsync.bind(gpu.device);
  let created = 0;
  const spy = vi.spyOn(gpu.device, 'createComputePipelineAsync').mockImplementation((descriptor) => {
    const isSecond = descriptor.label === 'dense_forward' && ++created === 2;
    return isSecond ? Promise.reject(new Error('no such instruction')) : create(descriptor);
  });
  const network = { trainer: options, dataset: { imageShape: smallModel.inputShape, count: 8 } };
  // A size that no other test compiles.
  const choice = { kernel: 'dense_forward', shape: { outChannels: 23 } };
  try {
    const [timed] = (await timeKernel(gpu, network, choice, 2)).kernels;
    const { length } = timed!.timings;
    expect(length).toBeGreaterThan(0);
    expect(timed!.failed).toMatchObject([{ reason: 'Error: no such instruction' }]);
    expect(timed!.timings.map(({ variant }) => variant)).not.toContainEqual(timed!.failed![0]!.variant);
  } finally {
    spy.mockRestore();
  }
});

test('a cache serves the next call on the same machine, and keeps the times of others; a damaged one is discarded', async () => {
  const again = await tune(gpu, options, { cache: tuning.cache });
  expect(again.fromCache).toBe(tuning.kernels.length);
  expect(again.variants).toEqual(tuning.variants);
  const stopped = AbortSignal.abort();
  const discarded = async (cache: string) => (await tune(gpu, options, { cache, signal: stopped })).discarded;
  expect(await discarded('{"format":1,')).toMatch(/damaged/);
  expect(await discarded('{"format":3,"machines":[{"machine":"","kernels":[{}]}]}')).toMatch(/damaged/);
  expect(await discarded('{"format":2,"machine":"","kernels":[]}')).toMatch(/another version/);
  const { format, machines } = JSON.parse(tuning.cache) as TuningCache;
  const [own] = machines as [MachineTimes];
  const others = Array.from({ length: 8 }, (_, i) => ({ ...own, machine: `other ${i}` }));
  const elsewhere = await tune(gpu, options, { cache: JSON.stringify({ format, machines: others }), signal: stopped });
  expect([elsewhere.fromCache, elsewhere.discarded]).toEqual([0, undefined]);
  const both = await tune(gpu, options, { cache: JSON.stringify({ format, machines: [own, ...others.slice(0, 7)] }) });
  expect(both.fromCache).toBe(tuning.kernels.length);
  // The oldest of nine machines is dropped, and this one is now the newest.
  const names = ({ cache }: { cache: string }) =>
    (JSON.parse(cache) as TuningCache).machines.map((each) => each.machine);
  expect(names(both)).toEqual([...others.slice(0, 7).map((each) => each.machine), own.machine]);
  expect(names(elsewhere)).toEqual([...others.slice(1).map((each) => each.machine), own.machine]);
  // The time of one kernel belongs to another source text: only that kernel is measured again, or here left out.
  const kernels = [{ ...own.kernels[0]!, text: '00000000' }, ...own.kernels.slice(1)];
  const changed = await tune(gpu, options, {
    cache: JSON.stringify({ format, machines: [{ ...own, kernels }] }),
    signal: stopped,
  });
  expect([changed.fromCache, changed.left]).toEqual([tuning.kernels.length - 1, 1]);
  // Times of both texts are kept, so that two versions of a shader do not time it in turns.
  const texts = [...kernels.slice(0, 1), ...own.kernels];
  const twoTexts = await tune(gpu, options, {
    cache: JSON.stringify({ format, machines: [{ ...own, kernels: texts }] }),
  });
  expect(twoTexts.fromCache).toBe(tuning.kernels.length);
  expect((JSON.parse(twoTexts.cache) as TuningCache).machines[0]!.kernels).toHaveLength(texts.length);
});

test('an interrupted tuner keeps its results', async () => {
  const stop = new AbortController();
  let kept = '';
  const { left, kernels } = await tune(gpu, options, {
    mode: 'full',
    signal: stop.signal,
    onProgress: (cache) => {
      kept = cache;
      stop.abort();
    },
  });
  expect(kernels).toHaveLength(1);
  expect(left).toBe(tuning.kernels.length - 1);
  expect((await tune(gpu, options, { cache: kept, signal: stop.signal })).fromCache).toBe(1);
});

/** The weights, loss and gradients of a batch, and the bits of the loss after several steps. */
async function trained(kernelVariants: KernelVariants, model: Model = smallModel) {
  const trainer = createTrainer(gpu, { ...options, model, kernelVariants });
  try {
    const weights = await trainer.getWeights();
    const batch = await trainer.gradients(images, labels);
    const { dispatches } = await trainer.profile(smallDataset(4), { steps: 1 });
    return { model: trainer.model, weights, batch, dispatches };
  } finally {
    trainer.dispose();
  }
}

test('every variant, forced through the whole network, gives the gradients of the float64 twin within their bounds', async () => {
  const most = Math.max(...tuning.kernels.map(({ timings }) => timings.length));
  for (let i = 0; i < most; i++) {
    const forced = Object.fromEntries(
      tuning.kernels.map(({ kernel, shape, timings }) => {
        return [variantKey({ name: kernel }, shape), timings[Math.min(i, timings.length - 1)]!.variant];
      }),
    );
    const { model, weights, batch, dispatches } = await trained(forced);
    const expected = networkGradients(
      model,
      weights.map((w) => Float64Array.from(w)),
      Float64Array.from(images),
      labels,
    );
    expectBatch(model, batch, expected, boundsOfBatch(model, weights, images, labels));
    // The recorded variant is the one that ran.
    for (const { kernel, timings } of tuning.kernels) {
      const ran = dispatches.filter(({ name }) => name === kernel).map(({ variant }) => variant);
      const wanted = timings[Math.min(i, timings.length - 1)]!.variant;
      if (ran.length === 1) expect(ran[0]).toEqual(wanted);
    }
  }
});

test("Winograd's algorithm in every convolution of a network gives the gradients of the twin within their bounds", async () => {
  const conv = { type: 'conv2d', kernelSize: 3, activation: 'relu' } as const;
  const model: Model = {
    inputShape: [6, 6, 1],
    layers: [
      { type: 'conv2d', filters: 4, kernelSize: 1 },
      { ...conv, filters: 8, padding: 'same' },
      { ...conv, filters: 4, padding: 'same', activation: 'tanh' },
      { ...conv, filters: 8 },
      { type: 'maxPooling2d' },
      { type: 'flatten' },
      { type: 'dense', units: 3, activation: 'softmax' },
    ],
  };
  const kernels = await tunableKernels(gpu, fillOptions({ ...options, model }));
  const convolutions = [...kernels].flatMap(([key, { kernel, shape }]) => {
    const variants = kernel.variants!(shape, gpu.traits).filter(({ winograd }) => winograd);
    return variants.length > 0 ? [{ key, variants }] : [];
  });
  // Three layers with three passes each.
  expect(convolutions).toHaveLength(9);
  for (let i = 0; i < Math.max(...convolutions.map(({ variants }) => variants.length)); i++) {
    const forced = convolutions.map(({ key, variants }) => [key, variants[i % variants.length]!] as const);
    const { batch, weights, dispatches, ...made } = await trained(Object.fromEntries(forced), model);
    expect(dispatches.filter(({ variant }) => variant.winograd)).toHaveLength(9);
    const exact = weights.map((w) => Float64Array.from(w));
    const expected = networkGradients(made.model, exact, Float64Array.from(images), labels);
    expectBatch(made.model, batch, expected, boundsOfBatch(made.model, weights, images, labels));
  }
});

test('a variant that the adapter cannot run is rejected, with the reason and the alternatives', async () => {
  const { kernel, shape } = tuning.kernels.find(({ kernel }) => kernel === 'conv2d_forward')!;
  const forced = { [variantKey({ name: kernel }, shape)]: { subgroups: true, quads: 3, width: 4, tiles: 1 } };
  const error = await trained(forced).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect((error as Error).message).toMatch(/cannot run conv2d_forward[\s\S]*quads 3[\s\S]*subgroups false, quads 2/);
  expect(() => createTrainer(gpu, { ...options, kernelVariants: { a: 1 } as never })).toThrow(/kernelVariants/);
});

test('variants that fit no kernel of the network cause a warning with the nearest match, and the run continues', async () => {
  const [{ kernel, shape, chosen }] = tuning.kernels as [TunedKernel];
  const key = (name: string, of: object) => variantKey({ name }, of);
  const fitting = [key('conv2d_forward', { batch: 32, filters: 4 }), key('conv2d_forward', { batch: 32, filters: 8 })];
  const sentences = (...keys: string[]) => unmatchedVariants(Object.fromEntries(keys.map((key) => [key, {}])), fitting);
  expect(sentences(fitting[1]!)).toEqual([]);
  expect(sentences(key('conv2d_forward', { batch: 64, filters: 8 }))).toEqual([
    expect.stringMatching(/conv2d_forward for a shape.*: batch 64; the nearest has batch 32$/),
  ]);
  expect(sentences(key('conv2d_forwrd', {}))[0]).toMatch(/conv2d_forwrd.*did you mean conv2d_forward\?$/);
  expect(sentences('conv2d_forward')[0]).toMatch(/not a kernel and its shape: conv2d_forward$/);
  const kernelVariants = { [key(kernel, { ...shape, batch: 5 })]: chosen, [key(kernel, shape)]: chosen };
  const trainer = createTrainer(gpu, { ...options, kernelVariants });
  try {
    const told: string[] = [];
    const { warnings } = await trainer.fit(smallDataset(4), { epochs: 1, onWarning: (warning) => told.push(warning) });
    expect(warnings).toEqual([expect.stringContaining('batch 5; the nearest has batch 4')]);
    expect(told).toEqual(warnings);
  } finally {
    trainer.dispose();
  }
});

test('a run that was tuned on another adapter opens with what this one can run of its choice', () => {
  const recorded = { a: { subgroups: true, quads: 4 }, b: { subgroups: false, quads: 1 } };
  expect(runnableVariants(recorded, { software: false, subgroupSize: 0 })).toEqual({ b: recorded.b });
  expect(runnableVariants(recorded, { software: true, subgroupSize: 4 })).toEqual(recorded);
  const wide = { c: { subgroups: false, quads: 2, width: 4, tiles: 2, across: 4 } };
  expect(runnableVariants(wide, { software: true, subgroupSize: 4 })).toEqual({});
  expect(runnableVariants(wide, { software: true, subgroupSize: 0, gathers: true })).toEqual(wide);
  const matrix = { m: 16, n: 16, k: 16, subgroupSize: 32 };
  const onTensorCores = { d: { subgroupMatrix: true, ...matrix, rows: 64, columns: 64, depth: 32 } };
  const nvidia = { software: false, subgroupSize: 32 };
  expect(runnableVariants(onTensorCores, nvidia)).toEqual({});
  expect(runnableVariants(onTensorCores, { ...nvidia, subgroupMatrix: { ...matrix, m: 8 } })).toEqual({});
  expect(runnableVariants(onTensorCores, { ...nvidia, subgroupMatrix: matrix })).toEqual(onTensorCores);
});

test('a trainer of a device with tuning records its choices, and repeats the run bit for bit', async () => {
  const tuned = await openGpu({ tuning: 'full' });
  try {
    const first = createTrainer(tuned, options);
    const { loss } = await first.trainOnBatch(images, labels);
    expect(first.options.kernelVariants).toBeDefined();
    // A loaded run uses its recorded choices; one without records keeps the defaults, whatever the tuner would choose now.
    const second = await loadTrainer(tuned, await first.save());
    expect(second.options.kernelVariants).toEqual(first.options.kernelVariants);
    const plain = createTrainer(gpu, options);
    const untuned = await loadTrainer(tuned, await plain.save());
    expect(untuned.options.kernelVariants).toEqual({});
    expect(loss).toBeGreaterThan(0);
    expect((await first.trainOnBatch(images, labels)).loss).toBe((await second.trainOnBatch(images, labels)).loss);
    // On a software adapter nothing is tuned unless requested: the bits are those of the default variants.
    expect(gpu.tuning).toBe(gpu.adapter.software ? 'off' : 'auto');
  } finally {
    tuned.dispose();
  }
  await expect(openGpu({ tuning: 'fast' as never })).rejects.toThrow(/Invalid tuning/);
});

test('the browser keeps the times for later pages, and discards them if they are damaged', async () => {
  const kept = createStore('wgrad-tuning', 'caches');
  const dense: Model = {
    ...smallModel,
    layers: [{ type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }],
  };
  await clear(kept);
  const tuned = await openGpu({ tuning: 'full' });
  const info = vi.spyOn(console, 'info').mockImplementation(() => {});
  const tune = async () => {
    const trainer = createTrainer(tuned, { ...options, model: dense });
    await trainer.trainOnBatch(images, labels);
    trainer.dispose();
    return get<string>('newest', kept);
  };
  try {
    const first = await tune();
    expect(JSON.parse(first!).machines[0].kernels.length).toBeGreaterThan(0);
    expect(info).not.toHaveBeenCalled();
    await set('newest', first!.slice(1), kept);
    const renewed = await tune();
    expect(info).toHaveBeenCalledWith(expect.stringContaining('discarded'));
    expect(JSON.parse(renewed!).machines[0].kernels.length).toBeGreaterThan(0);
  } finally {
    info.mockRestore();
    tuned.dispose();
    await clear(kept);
  }
});
