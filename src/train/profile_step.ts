import type { Dataset } from '../data/dataset.ts';
import { type DispatchProfile, profileRecording, type StepProfile } from '../gpu/profile.ts';
import type { Ceilings } from '../gpu/roofline.ts';
import type { Phase } from '../plan/phases.ts';
import type { Engine } from './engine.ts';
import { upgradeKernels } from './kernel_upgrades.ts';
import { trainingStep } from './step_recordings.ts';
import { withTrainingRestored } from './training_restored.ts';

/** Number of samples in an epoch, larger than any profile reaches. Indices beyond the data set are clamped to it. */
const endless = 2 ** 31;

/** A training step, dispatch by dispatch. */
export interface TrainingProfile extends StepProfile {
  /** In execution order, and so phase by phase and micro-batch by micro-batch. */
  dispatches: (DispatchProfile & { phase: Phase })[];
  /** Number of augmentation passes over a batch's images; each reads and writes them once. */
  augmentationPasses: number;
  /** Present with `ceilings: true`: the adapter's peak rates, for `rooflineShare`. */
  ceilings?: Ceilings;
}

/** Options of `Trainer.profile`. */
export interface ProfileOptions {
  /** How often each dispatch is timed; 5 by default. Times are medians. */
  steps?: number;
  /** Also measure the adapter's peak rates, which takes a fraction of a second. False by default. */
  ceilings?: boolean;
}

/** Implements `Trainer.profile`: times each dispatch of a training step, then restores the state of training. */
export async function profileStep(
  engine: Engine,
  dataset: Dataset,
  rounds: number,
  measuresCeilings = false,
): Promise<TrainingProfile> {
  const { gpu, memory, steps } = engine;
  const { training } = steps;
  return withTrainingRestored(engine, async () => {
    await upgradeKernels(engine);
    await engine.fitAugmentation(dataset);
    const input = await engine.input(dataset, engine.inputView, training);
    try {
      // In a long run, faster kernels make some launches unnecessary.
      const step = trainingStep(steps, input).filter(({ dispatch: { workgroups } }) => workgroups[0] > 0);
      const recording = step.map(({ dispatch }) => dispatch);
      engine.beginEpoch(training, input, engine.nextOrder(input, true));
      await input.stream?.ready(engine.disposal, gpu.failure);
      // `begin_step` is repeated like every other dispatch; if the epoch ended, the others would get batches without samples.
      engine.beginSamples(training, endless);
      for (let i = 0; i < 3; i++) engine.run(recording);
      const profile = await profileRecording(gpu, memory, recording, rounds);
      const dispatches = profile.dispatches.map((dispatch, i) => ({ ...dispatch, phase: step[i]!.phase }));
      const ceilings = measuresCeilings && (await (await import('./measure_ceilings.ts')).measureCeilings(gpu));
      return { ...profile, dispatches, augmentationPasses: input.passes, ...(ceilings && { ceilings }) };
    } finally {
      input.dispose();
    }
  });
}
