import { afterAll, expect, test } from 'vitest';
import { SetupError } from '../../src/errors.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { type Kernel, KernelCache } from '../../src/gpu/kernel.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { medianAndSpread } from '../../src/gpu/pass_times.ts';
import { profileRecording, type StepProfile } from '../../src/gpu/profile.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { bind, type Recording } from '../../src/gpu/recording.ts';
import { rooflineShare } from '../../src/gpu/roofline.ts';
import { submit } from '../../src/gpu/submission.ts';
import { copyWords, multiplyAdd } from '../../src/kernels/ceilings.ts';
import { measureCeilings } from '../../src/train/measure_ceilings.ts';

const gpu: Gpu = await openGpu();
const memory = new Memory(gpu.device);
afterAll(() => gpu.dispose());

/** One workgroup whose time is proportional to `rounds`. */
const spin: Kernel<{ rounds: number }> = {
  name: 'spin',
  source: `
    @group(0) @binding(0) var<storage, read_write> y: array<f32>;
    override rounds: u32;
    @compute @workgroup_size(64)
    fn main(@builtin(local_invocation_index) i: u32) {
      var v = y[i];
      for (var r = 0u; r < rounds; r++) { v = v * 0.99 + 0.5; }
      y[i] = v;
    }`,
  constants: ({ rounds }) => ({ rounds }),
  buffers: () => ({ y: 64 }),
  workgroups: () => [1],
  cost: ({ rounds }) => ({ flops: 128 * rounds, bytes: 512 }),
};

async function record(layers: Record<string, number>): Promise<Recording> {
  const cache = new KernelCache(gpu.device, gpu.traits);
  return Promise.all(
    Object.entries(layers).map(async ([layer, rounds]) =>
      bind(gpu.device, await cache.compile(spin, { rounds }), layer, { y: memory.storage(layer, 64) }),
    ),
  );
}

function expectConsistent(profile: StepProfile, recording: Recording): void {
  expect(profile.dispatches.map(({ name, layer }) => [name, layer])).toEqual(
    recording.map(({ name, layer }) => [name, layer]),
  );
  expect(profile.dispatchesPerStep).toBe(recording.length);
  const sum = (pick: 'share' | 'microseconds') => profile.dispatches.reduce((total, row) => total + row[pick], 0);
  expect(sum('share')).toBeCloseTo(1, 12);
  expect(sum('microseconds')).toBeCloseTo(profile.stepMicroseconds, 6);
  for (const [i, row] of profile.dispatches.entries()) {
    const { cost, workgroups } = recording[i]!;
    expect(row.microseconds).toBeGreaterThan(0);
    expect(row.share).toBeCloseTo(row.microseconds / profile.stepMicroseconds, 12);
    expect(row).toMatchObject({ flops: cost.flops, bytes: cost.bytes, workgroups });
    expect(row.gflops).toBeCloseTo(cost.flops / (1000 * row.microseconds), 12);
    expect(row.gbps).toBeCloseTo(cost.bytes / (1000 * row.microseconds), 12);
  }
}

// Another process may take the cores for most of its rounds.
test('one row per dispatch, in order, with the fractions of the work', { retry: 2 }, async () => {
  const recording = await record({ little: 20_000, most: 400_000, some: 100_000 });
  const buffers = memory.buffers;
  const profile = await profileRecording(gpu, memory, recording);
  expectConsistent(profile, recording);
  // Twenty times and five times the work: the factors leave room for other load on the machine.
  const [little, most, some] = profile.dispatches;
  expect(most!.microseconds).toBeGreaterThan(5 * little!.microseconds);
  expect(most!.microseconds).toBeGreaterThan(1.5 * some!.microseconds);
  expect(most!.share).toBeGreaterThan(0.5);
  expect(memory.buffers).toBe(buffers);
  // Both are medians of the same rounds; the sum has a pass boundary around each dispatch.
  expect(profile.rounds).toBe(5);
  expect(profile.unprofiledStepMicroseconds).toBeGreaterThan(most!.microseconds / 2);
  expect(profile.unprofiledStepMicroseconds).toBeLessThan(2 * profile.stepMicroseconds);
});

test('median and spread of rounds', () => {
  expect(medianAndSpread([5, 1, 3, 2, 4])).toEqual({ median: 3, spread: 2 });
  expect(medianAndSpread([1, 2, 3, 10])).toEqual({ median: 2.5, spread: 4.75 - 1.75 });
  expect(medianAndSpread([7])).toEqual({ median: 7, spread: 0 });
  expect(medianAndSpread([])).toEqual({ median: 0, spread: 0 });
});

test('the ceilings of an adapter: its kernels compute correct results, and are the fastest', async () => {
  const cache = new KernelCache(gpu.device, gpu.traits);
  const words = Float32Array.from({ length: 4 * 70 }, (_, i) => i);
  const [x, y] = [memory.upload('copied', words), memory.storage('copy', words.length)];
  const coefficients = memory.upload('coefficients', Float32Array.of(0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1));
  const sums = memory.storage('sums', 64 * 4);
  const copy = bind(gpu.device, await cache.compile(copyWords, { copied: 70 }), '', { x, y });
  const sum = bind(gpu.device, await cache.compile(multiplyAdd, { groups: 1, rounds: 2 }), '', {
    coefficients,
    y: sums,
  });
  submit(gpu.device, 'ceilings', (submission) => submission.compute([copy, sum]));
  const [copied, summed] = await readSlices(gpu, memory, [y, sums]);
  expect(new Float32Array(copied!)).toEqual(words);
  // y = id / 2 + 0 to 3, then twice y / 2 + 1, and the sum of the four.
  const expected = (id: number) => [0, 1, 2, 3].reduce((all, i) => all + ((id / 2 + i) / 2 + 1) / 2 + 1, 0);
  expect(new Float32Array(summed!)[4 * 37]).toBe(expected(37));
  const ceilings = await measureCeilings(gpu);
  expect(ceilings.gflops).toBeGreaterThan(0.1);
  expect(ceilings.gbps).toBeGreaterThan(0.1);
  expect(rooflineShare({ flops: 2000, bytes: 100, microseconds: 4 }, { gflops: 1, gbps: 1 })).toBeCloseTo(0.5, 12);
  expect(rooflineShare({ flops: 0, bytes: 100, microseconds: 1 }, { gflops: 1, gbps: 1 })).toBeCloseTo(0.1, 12);
});

test('a dispatch that is too short for a rounded clock is repeated', async () => {
  const recording = await record({ short: 1, long: 400_000 });
  const profile = await profileRecording(gpu, memory, recording, 3);
  expectConsistent(profile, recording);
  const [short, long] = profile.dispatches;
  expect(short!.share).toBeLessThan(0.5);
  expect(profile.rounded).toBe(profile.timestampResolutionNs > 1);
  if (profile.rounded) {
    expect([65_536, 100_000]).toContain(profile.timestampResolutionNs);
    expect(short!.repeats).toBeGreaterThan(long!.repeats);
    // A pass then takes at least twenty ticks; half of that is the minimum difference between two readings of a pass.
    expect(short!.repeats * short!.microseconds * 1000).toBeGreaterThan(10 * profile.timestampResolutionNs);
  } else expect([short!.repeats, long!.repeats]).toEqual([1, 1]);
});

test('a device without timestamps: the error says what is missing', async () => {
  const weakest = await openGpu({ defaultLimitsOnly: true });
  const error = await profileRecording(weakest, new Memory(weakest.device), []).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SetupError);
  expect((error as Error).message).toMatch(/cannot measure time[\s\S]*timestamp-query/);
  weakest.dispose();
});
