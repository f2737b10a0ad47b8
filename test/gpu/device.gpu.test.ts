import { expect, test } from 'vitest';
import { ConfigurationError, DeviceLostError } from '../../src/errors.ts';
import { openGpu } from '../../src/gpu/device.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';

test('the adapter is described, and a software adapter as such', async () => {
  const gpu = await openGpu();
  const { vendor, architecture, description, software } = gpu.adapter;
  expect(`${vendor}${architecture}${description}`).not.toBe('');
  expect(software).toBe(/swiftshader/i.test(`${architecture} ${description}`));
  expect(gpu.traits.software).toBe(software);
  const other = software ? 'hardware' : 'software';
  await expect(openGpu({ adapter: other })).rejects.toThrow(`No ${other} adapter`);
  gpu.dispose();
});

test('buffers may be as large as the adapter allows, and a limit that is requested by name is granted', async () => {
  const gpu = await openGpu({ requiredLimits: { maxComputeInvocationsPerWorkgroup: 256, maxBufferSize: 2 ** 29 } });
  const adapter = (await navigator.gpu.requestAdapter())!;
  expect(gpu.device.limits.maxStorageBufferBindingSize).toBe(adapter.limits.maxStorageBufferBindingSize);
  expect(gpu.device.limits.maxBufferSize).toBe(2 ** 29);
  gpu.dispose();
  const most = adapter.limits.maxBufferSize;
  const tooMuch = openGpu({ requiredLimits: { maxBufferSize: most + 1 } });
  await expect(tooMuch).rejects.toThrow(ConfigurationError);
  await expect(tooMuch).rejects.toThrow(`found: ${most}\n  expected: ${most + 1}`);
});

test('a pending read rejects with the reason when the device is lost', async () => {
  const gpu = await openGpu();
  const memory = new Memory(gpu.device);
  const read = readSlices(gpu, memory, [memory.storage('x', 1000)]);
  const outcome = read.catch((reason: unknown) => reason);
  gpu.dispose();
  expect((await gpu.lost).reason).toBe('destroyed');
  expect(await outcome).toBeInstanceOf(DeviceLostError);
  expect(((await outcome) as Error).message).toContain('lost (destroyed)');
});

test('a command that the GPU rejects is reported and does not count as done', async () => {
  const gpu = await openGpu();
  const memory = new Memory(gpu.device);
  const { buffer } = memory.storage('mine', 4);
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, buffer, 0, 2 ** 20);
  gpu.device.queue.submit([encoder.finish()]);
  await gpu.device.queue.onSubmittedWorkDone();
  await expect.poll(() => gpu.failure.aborted).toBe(true);
  expect(gpu.failure.reason).toBeInstanceOf(DeviceLostError);
  expect(gpu.failure.reason.message).toContain('The GPU refused a command');
  gpu.dispose();
});
