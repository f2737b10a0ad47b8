import { expect, test } from 'vitest';
import { Memory } from '../../src/gpu/memory.ts';
import { compileModel } from '../../src/model/graph.ts';
import { trainOnBatch } from '../../src/train/batch.ts';
import { Engine } from '../../src/train/engine.ts';
import { fillTrainerOptions } from '../../src/train/fill_trainer_options.ts';
import { readTensors } from '../../src/train/weights.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { expectHealth } from './health_closeness.ts';
import { batchOf, smallDataset, smallModel } from './small.ts';

const batchSize = 4;
const [images, labels] = batchOf(smallDataset(batchSize), 0, batchSize);

/** Runs a step with a limit on the bytes per arena. */
async function step(mostArenaBytes?: number) {
  const settings = fillTrainerOptions({ model: smallModel, batchSize, seed: 3 });
  const memory = new Memory(gpu.device, mostArenaBytes);
  const startup = { compileMs: 0, uploadMs: 0, firstStepMs: 0 };
  const engine = await Engine.start(gpu, settings, memory, startup, new AbortController().signal);
  try {
    const { weights, measured } = engine.steps.network;
    const before = await readTensors(engine, weights.tensors);
    const { health } = await trainOnBatch(engine, images, labels);
    const after = await readTensors(engine, weights.tensors);
    const { within, recording } = engine.steps.measurement!;
    return { health, before, after, groups: measured.groups, within, recording };
  } finally {
    memory.dispose();
  }
}

test('layers that are too large for one arena are measured in further dispatches, with bit-identical results', async () => {
  const whole = await step();
  expect(whole.groups).toHaveLength(1);
  expect(whole.within).toEqual([]);
  // The statistics of the only group, those of equal units, and their reduction.
  expect(whole.recording).toHaveLength(3);
  // Each tensor takes 256 bytes; a tensor larger than the limit gets its own arena.
  for (const most of [256, 64]) {
    const parts = await step(most);
    expect(parts.groups.length).toBeGreaterThan(1);
    for (const arena of parts.groups.flat()) expect(arena.size).toBeLessThanOrEqual(256);
    // A group is measured as soon as it is written, so that its memory can be reused in the same step.
    expect(parts.within).toHaveLength(parts.groups.length);
    expect(parts.recording).toHaveLength(2);
    expect(parts.health).toEqual(whole.health);
    expectHealth(compileModel(smallModel), parts.health, { images, labels, ...parts });
  }
});
