import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Gpu } from '../../src/gpu/device.ts';
import type { Memory, Slice } from '../../src/gpu/memory.ts';
import { Scheduler } from '../../src/train/scheduler.ts';

const stepMs = 10;
const recordBytes = 8;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/**
 * A GPU on which a step takes 10 ms. With a `tick`, it looks for finished work only every so many milliseconds and whenever
 * something is submitted, as Firefox does.
 */
function fakeGpu({ tick, software = false }: { tick?: number; software?: boolean } = {}) {
  globalThis.GPUMapMode ??= { READ: 1, WRITE: 2 } as never;
  let freeAt = 0;
  let busyMs = 0;
  let empty = 0;
  const sizes: number[] = [];
  let waiting: { doneAt: number; resolve: () => void }[] = [];
  const look = () => {
    const now = performance.now();
    for (const { doneAt, resolve } of waiting) if (doneAt <= now) resolve();
    waiting = waiting.filter(({ doneAt }) => doneAt > now);
  };
  if (tick) setInterval(look, tick);
  let encoded = 0;
  const device = {
    createCommandEncoder: () => ({
      beginComputePass: () => ({ setPipeline() {}, setBindGroup() {}, dispatchWorkgroups: () => encoded++, end() {} }),
      copyBufferToBuffer() {},
      finish: () => ({}),
    }),
    queue: {
      submit(commands: unknown[]) {
        if (commands.length === 0) empty++;
        else {
          sizes.push(encoded);
          freeAt = Math.max(freeAt, performance.now()) + stepMs * encoded;
          busyMs += stepMs * encoded;
          encoded = 0;
        }
        if (tick) look();
      },
    },
  };
  const staging = () => ({
    mapAsync: () =>
      new Promise<void>((resolve) => {
        if (tick) waiting.push({ doneAt: freeAt, resolve });
        else setTimeout(resolve, freeAt - performance.now());
      }),
    getMappedRange: () => new ArrayBuffer(8),
    unmap() {},
  });
  return {
    gpu: { device, failure: new AbortController().signal, traits: { software } } as unknown as Gpu,
    memory: { staging } as unknown as Memory,
    sizes,
    busyMs: () => busyMs,
    empty: () => empty,
  };
}

/** Trains for two seconds. @returns the share of the time in which the GPU computed. */
async function train({ gpu, memory, busyMs }: ReturnType<typeof fakeGpu>): Promise<number> {
  const scheduler = new Scheduler(gpu, memory, recordBytes, 128);
  const records = { buffer: {}, offset: 0, size: 128 * recordBytes } as Slice;
  const recording = [{ pipeline: {}, group: {}, workgroups: [1, 1, 1] }] as never;
  const end = performance.now() + 2000;
  const begun = performance.now();
  const training = (async () => {
    for (let step = 1; performance.now() < end; ) {
      step += await scheduler.submit(records, recording, step, 1000, () => undefined);
    }
    await scheduler.drain();
  })();
  await vi.advanceTimersByTimeAsync(4000);
  await training;
  return busyMs() / Math.max(2000, end - begun);
}

test('a GPU that reports immediately is never prompted, and submissions last 50 ms', async () => {
  const fake = fakeGpu();
  expect(await train(fake)).toBeGreaterThan(0.97);
  expect(fake.empty()).toBe(0);
  expect(new Set(fake.sizes.slice(3, -1))).toEqual(new Set([5]));
});

test('submissions of a software adapter, which does not draw the page, last up to 110 ms', async () => {
  const fake = fakeGpu({ software: true });
  expect(await train(fake)).toBeGreaterThan(0.97);
  expect(new Set(fake.sizes.slice(3, -1))).toEqual(new Set([11]));
});

test.each([100, 120])(
  'a GPU that looks for finished work every %i ms is kept busy by empty submissions',
  async (tick) => {
    const fake = fakeGpu({ tick });
    expect(await train(fake)).toBeGreaterThan(0.85);
    expect(fake.empty()).toBeGreaterThan(100);
    // Two simultaneous reports must not look like steps that take no time.
    expect(Math.max(...fake.sizes)).toBeLessThanOrEqual(10);
  },
);
