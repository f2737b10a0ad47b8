import { expect, test } from 'vitest';
import { KernelCache } from '../../src/gpu/kernel.ts';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { Recorder } from '../../src/gpu/recorder.ts';
import { submit } from '../../src/gpu/submission.ts';
import { stateWords } from '../../src/kernels/state.ts';
import { compileModel } from '../../src/model/graph.ts';
import { bindPlan } from '../../src/plan/bind.ts';
import { setFurtherLayers } from '../../src/plan/layers/loaded.ts';
import { planNetwork } from '../../src/plan/network.ts';
import { Planner } from '../../src/plan/planner.ts';
import cases from '../fixtures/onnx_node.json';
import { gpu } from '../gpu/shared_gpu.ts';
import { difference, type networkOf, passed, read, withSoftmax } from './onnx_node_tests.ts';

setFurtherLayers(await import('../../src/plan/layers/further.ts'));

/** Shares compiled pipelines between all networks with the same layer. */
const cache = new KernelCache(gpu.device, gpu.traits);

/** Runs only the inference dispatches, without the rest of a trainer: hundreds of networks take seconds. */
async function predicted({ model, weights, images, expected }: ReturnType<typeof networkOf>, batch: number) {
  const memory = new Memory(gpu.device);
  try {
    const planner = new Planner(gpu.traits, memory);
    const compiled = compileModel(model);
    const state = planner.buffer('state', 'state', stateWords);
    const network = planNetwork(planner, compiled, batch, { training: state, evaluation: state });
    const { input, tensors, inference } = network;
    const slots = planner.buffers.map((buffer) => ({ size: buffer.size, buffers: [buffer] }));
    const { forward, logits, ...given } = await bindPlan(new Recorder(gpu, memory, cache), slots, {
      input,
      tensors,
      forward: inference.forward,
      logits: inference.logits,
    });
    const write = ({ buffer, offset }: { buffer: GPUBuffer; offset: number }, numbers: Float32Array) =>
      gpu.device.queue.writeBuffer(buffer, offset, new Float32Array(numbers));
    write(given.input, images);
    given.tensors.forEach((slice, i) => {
      write(slice, weights[i]!);
    });
    submit(gpu.device, 'node test', (work) => work.compute(forward));
    const [bytes] = await readSlices(gpu, memory, [logits]);
    return withSoftmax(compiled, new Float32Array(bytes!).subarray(0, expected.length));
  } finally {
    memory.dispose();
  }
}

test("the ONNX project's tests, imported and computed on the GPU, give correct results", {
  timeout: 600_000,
}, async () => {
  const networks = Object.entries(cases.tests).flatMap(([name, one]) => {
    const network = read(one, name);
    return typeof network === 'string' ? [] : [{ name, network, count: one.count }];
  });
  const found = await Promise.all(
    networks.map(async ({ name, network, count }) => ({
      name,
      off: difference(await predicted(network, count), network.expected),
    })),
  );
  expect(found.filter(({ off }) => !(off < 1e-4))).toEqual([]);
  expect(found.length).toBe(passed);
});
