import { expect, test } from 'vitest';
import { openGpu } from '../../src/gpu/device.ts';
import { type Kernel, KernelCache } from '../../src/gpu/kernel.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { bind, replay } from '../../src/gpu/recording.ts';

test('the Chrome that wgrad starts has an adapter that describes itself', async () => {
  const gpu = await openGpu();
  expect(gpu.adapter.vendor).not.toBe('');
  expect(gpu.timestamps).toBe(true);
  gpu.dispose();
  await gpu.lost;
});

// One of Chrome's flags determines how workgroup memory is cleared.
test('workgroup memory starts at zero, even after another workgroup has written to it', async () => {
  const groups = 64;
  const kernel: Kernel<undefined> = {
    name: 'find_and_leave',
    source: `
@group(0) @binding(0) var<storage, read_write> y: array<u32>;
var<workgroup> kept: array<u32, 1000>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) {
  var found = 0u;
  for (var i = 0u; i < 1000u; i++) { found += kept[i]; }
  for (var i = 0u; i < 1000u; i++) { kept[i] = 7u + i; }
  y[group.x] = found + kept[group.x];
}`,
    buffers: () => ({ y: groups }),
    workgroups: () => [groups],
    cost: () => ({ flops: 0, bytes: 0 }),
  };
  const gpu = await openGpu();
  const memory = new Memory(gpu.device);
  const y = memory.storage('y', groups);
  const compiled = await new KernelCache(gpu.device, gpu.traits).compile(kernel, undefined);
  const encoder = gpu.device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  replay(pass, [bind(gpu.device, compiled, '', { y })]);
  pass.end();
  gpu.device.queue.submit([encoder.finish()]);
  const [bytes] = await readSlices(gpu, memory, [y]);
  expect([...new Uint32Array(bytes!, 0, groups)]).toEqual(Array.from({ length: groups }, (_, i) => 7 + i));
  memory.dispose();
  gpu.dispose();
});
