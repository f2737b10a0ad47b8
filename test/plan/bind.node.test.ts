import { expect, test } from 'vitest';
import type { ConfigurationError } from '../../src/errors.ts';
import type { SpecializedKernel } from '../../src/gpu/kernel.ts';
import type { Memory } from '../../src/gpu/memory.ts';
import type { Recorder } from '../../src/gpu/recorder.ts';
import { bindPlan } from '../../src/plan/bind.ts';
import { PlanBuffer, PlannedDispatch, type TunableKernel } from '../../src/plan/planner.ts';

/** A device with limited memory, which reports that as WebGPU does. */
function deviceOf(most: number) {
  const bytes = new Map<object, number>();
  let refused = false;
  const used = () => [...bytes.values()].reduce((a, b) => a + b, 0);
  const memory = {
    storage: (label: string, elements: number) => {
      const buffer = { label };
      refused ||= used() + 4 * elements > most;
      bytes.set(buffer, 4 * elements);
      return { buffer, label, offset: 0, size: 4 * elements };
    },
    free: (buffer: object) => bytes.delete(buffer),
  };
  const device = {
    pushErrorScope: () => {
      refused = false;
    },
    popErrorScope: async () => (refused ? { message: 'out of memory' } : null),
  };
  return { recorder: { gpu: { device }, memory: memory as unknown as Memory } as unknown as Recorder, bytes };
}

const mebibyte = 2 ** 20;
const slots = [30, 50, 40].map((size, i) => ({
  size: size * mebibyte,
  buffers: [new PlanBuffer(`layer_${i}.y`, size * mebibyte, 'value')],
}));

test('buffers that fit together are created', async () => {
  const { recorder, bytes } = deviceOf(120 * mebibyte);
  await bindPlan(recorder, slots, {});
  expect(bytes.size).toBe(3);
});

test('buffers that are too large together: the error has both sizes and the largest buffer, and nothing is left allocated', async () => {
  const { recorder, bytes } = deviceOf(100 * mebibyte);
  const error = (await bindPlan(recorder, slots, {}).catch((error) => error)) as ConfigurationError;
  expect(error.parts).toMatchObject({
    found: '120.0 MiB, the most of it for layer_1.y 50.0 MiB, layer_2.y 40.0 MiB, layer_0.y 30.0 MiB',
    expected: 'at most about 80.0 MiB: the next 40.0 MiB were refused',
    fix: expect.stringContaining('batchSize'),
  });
  expect(error.exitCode).toBe(2);
  expect(bytes.size).toBe(0);
});

test('the longest shaders compile first, while the buffers are allocated, and each is bound once', async () => {
  const { recorder } = deviceOf(0);
  const calls: string[] = [];
  const compile = ({ text }: SpecializedKernel) => calls.push(`compile ${text}`);
  const dispatchSpecialized = async ({ text }: SpecializedKernel) => {
    calls.push(`bind ${text}`);
    return { wgsl: text };
  };
  const { device } = recorder.gpu;
  const popErrorScope = async () => {
    await Promise.resolve();
    calls.push('allocated');
    return null;
  };
  const planned = (text: string) =>
    new PlannedDispatch(
      { text, bindings: [] } as unknown as SpecializedKernel,
      '',
      {},
      undefined as unknown as TunableKernel,
    );
  const [short, long, middle] = [planned('a'), planned('aaa'), planned('aa')];
  const plan = { forward: [short, middle], loss: { own: long, again: short }, table: new Uint32Array(2) };
  const gpu = { device: { ...device, popErrorScope } };
  const given = { ...recorder, gpu, compile, dispatchSpecialized } as unknown as Recorder;
  const bound = await bindPlan(given, slots.slice(0, 1), plan);
  const compiled = ['compile aaa', 'compile aa', 'compile a', 'compile a'];
  expect(calls).toEqual([...compiled, 'allocated', 'bind a', 'bind aa', 'bind aaa']);
  expect(bound).toEqual({
    forward: [{ wgsl: 'a' }, { wgsl: 'aa' }],
    loss: { own: { wgsl: 'aaa' }, again: { wgsl: 'a' } },
    table: plan.table,
  });
});
