import { expect, test } from 'vitest';
import { Memory } from '../../src/gpu/memory.ts';
import { readSlices } from '../../src/gpu/readback.ts';
import { stateFields } from '../../src/kernels/state.ts';
import { Engine } from '../../src/train/engine.ts';
import { fillTrainerOptions } from '../../src/train/fill_trainer_options.ts';
import { profileStep } from '../../src/train/profile_step.ts';
import { gpu } from '../gpu/shared_gpu.ts';
import { smallDataset, smallModel } from './small.ts';

test('every timed dispatch works on a whole batch, however often a short one is repeated, and is named with its variant', async () => {
  const batchSize = 4;
  const memory = new Memory(gpu.device);
  const settings = fillTrainerOptions({ model: smallModel, batchSize });
  const startup = { compileMs: 0, uploadMs: 0, firstStepMs: 0 };
  const engine = await Engine.start(gpu, settings, memory, startup, new AbortController().signal);
  const { state } = engine.steps.training;
  const [before] = await readSlices(gpu, memory, [state]);
  // Check the step's results before they are restored: the restoring copy is the last operation of a profile.
  const counts: number[] = [];
  const copy = engine.copy.bind(engine);
  const looking: Promise<void>[] = [];
  engine.copy = (from, to) => {
    looking.push(
      readSlices(gpu, memory, [state]).then(([bytes]) => {
        counts.push(new Uint32Array(bytes!)[stateFields.indexOf('count')]!);
      }),
    );
    copy(from, to);
  };
  // Two batches: the profile goes far beyond them.
  const profile = await profileStep(engine, smallDataset(2 * batchSize), 3);
  await Promise.all(looking);
  expect(counts.at(-1)).toBe(batchSize);
  expect((await readSlices(gpu, memory, [state]))[0]).toEqual(before);
  const forward = profile.dispatches.find(({ name }) => name.startsWith('dense_forward'));
  expect(Object.keys(forward!.variant).length).toBeGreaterThan(0);
  // The shader is included as it was compiled, with all template holes filled.
  expect(forward!.wgsl).toMatch(/@compute @workgroup_size/);
  expect(forward!.wgsl).not.toMatch(/\$\{|#if/);
  const overrides = [...forward!.wgsl.matchAll(/^override (\w+)/gm)].map(([, name]) => name);
  expect(Object.keys(forward!.constants).sort()).toEqual(overrides.sort());
  memory.dispose();
});
