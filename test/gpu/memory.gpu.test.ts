import { afterAll, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/errors.ts';
import { type Gpu, openGpu } from '../../src/gpu/device.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';

const gpu: Gpu = await openGpu({ defaultLimitsOnly: true });
afterAll(() => gpu.dispose());

async function read(memory: Memory, ...slices: Parameters<typeof readSlices>[2]): Promise<Uint8Array[]> {
  return (await readSlices(gpu, memory, slices)).map((bytes) => new Uint8Array(bytes));
}

test('storage holds whole vec4s, zeroed, and is counted until it is freed', async () => {
  const memory = new Memory(gpu.device);
  const slices = [1, 4, 5, 0].map((elements) => memory.storage('x', elements));
  expect(slices.map(({ size }) => size)).toEqual([16, 16, 32, 16]);
  expect([memory.buffers, memory.bytes]).toEqual([4, 80]);
  expect((await read(memory, slices[2]!))[0]).toEqual(new Uint8Array(32));
  memory.free(slices[2]!.buffer);
  expect([memory.buffers, memory.bytes]).toEqual([3, 48]);
  memory.dispose();
  expect([memory.buffers, memory.bytes]).toEqual([0, 0]);
});

test.each([1, 2, 3, 4, 5, 16, 17])(
  '%i bytes are uploaded unchanged, also from the middle of a buffer',
  async (length) => {
    const memory = new Memory(gpu.device);
    const whole = Uint8Array.from({ length: length + 4 }, (_, i) => 7 * i + 1);
    const bytes = whole.subarray(4);
    const [back] = await read(memory, memory.upload('bytes', bytes));
    expect(back!.subarray(0, length)).toEqual(bytes);
    expect(back!.subarray(length).every((byte) => byte === 0)).toBe(true);
    memory.dispose();
  },
);

describe('an arena', () => {
  test('tensors start at multiples of 256 bytes, as bindings require, and share one buffer', () => {
    const memory = new Memory(gpu.device);
    const sizes = { 'conv2d.w': 288, 'conv2d.b': 32, 'dense.w': 65, 'dense.b': 1 };
    const { all, tensors } = memory.arena(
      'weights',
      Object.entries(sizes).map(([label, elements]) => ({ label, elements })),
    );
    expect(tensors.map(({ offset }) => offset)).toEqual([0, 1280, 1536, 2048]);
    expect(tensors.map(({ size }) => size)).toEqual([1152, 128, 272, 16]);
    expect(tensors.map(({ label }) => label)).toEqual(Object.keys(sizes));
    expect(new Set(tensors.map(({ buffer }) => buffer))).toEqual(new Set([all.buffer]));
    expect([all.size, memory.buffers]).toEqual([2304, 1]);
    memory.dispose();
  });

  test('each part can be read back separately', async () => {
    const memory = new Memory(gpu.device);
    const { all, tensors } = memory.arena('a', [
      { label: 'x', elements: 3 },
      { label: 'y', elements: 5 },
    ]);
    gpu.device.queue.writeBuffer(all.buffer, tensors[1]!.offset, Float32Array.of(1, 2, 3, 4, 5));
    const [y, x] = await readSlices(gpu, memory, [tensors[1]!, tensors[0]!]);
    expect([...new Float32Array(y!)]).toEqual([1, 2, 3, 4, 5, 0, 0, 0]);
    expect([...new Float32Array(x!)]).toEqual([0, 0, 0, 0]);
    expect(memory.buffers).toBe(1); // The readback buffer is gone.
    memory.dispose();
  });
});

test('more than the device can bind is rejected before it is allocated: found and expected in MiB', () => {
  const memory = new Memory(gpu.device);
  const most = gpu.device.limits.maxStorageBufferBindingSize;
  expect(most).toBe(128 * 2 ** 20);
  const tooMuch = () => memory.storage('dataset.images', most / 4 + 1);
  expect(tooMuch).toThrow(ConfigurationError);
  expect(tooMuch).toThrow(
    /dataset\.images is larger.*\n.*found: "128\.0 MiB"\n.*expected: at most 128\.0 MiB\n.*fewer/,
  );
  expect(() => memory.storage('x', 50 * 2 ** 20)).toThrow(/found: "200\.0 MiB"/);
  expect(() => memory.storage('x', Number.NaN)).toThrow();
  expect(memory.buffers).toBe(0);
});
