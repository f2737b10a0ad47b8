import type { Dataset } from '../data/dataset.ts';
import { type DispatchProfile, profileRecording, type StepProfile } from '../gpu/profile.ts';
import type { Ceilings } from '../gpu/roofline.ts';
import type { Phase } from '../plan/phases.ts';
import type { Engine } from './engine.ts';
import { withTrainingRestored } from './training_restored.ts';

/** Samples of an epoch that no profile gets to the end of. What lies beyond the data set is read as one of its samples. */
const endless = 2 ** 31;

/** A training step, dispatch by dispatch. */
export interface TrainingProfile extends StepProfile {
  /** In their order, and so phase by phase, micro-batch by micro-batch. */
  dispatches: (DispatchProfile & { phase: Phase })[];
  /** How often a batch's images are gone over to augment them: each is read and written once a pass. */
  augmentationPasses: number;
  /** With `ceilings: true`: the most that the adapter does, for `rooflineShare`. */
  ceilings?: Ceilings;
}

/** Options of `Trainer.profile`. */
export interface ProfileOptions {
  /** How often each dispatch is timed; 5 by default. Times are medians. */
  steps?: number;
  /** Measure what the adapter does at most, too: a fraction of a second more. False by default. */
  ceilings?: boolean;
}

/** Times each dispatch of a training step on its own, and puts back what training had: `Trainer.profile`. */
export async function profileStep(
  engine: Engine,
  dataset: Dataset,
  rounds: number,
  measuresCeilings = false,
): Promise<TrainingProfile> {
  const { gpu, memory, steps } = engine;
  const { training } = steps;
  return withTrainingRestored(engine, async () => {
    await engine.fitAugmentation(dataset);
    const input = await engine.input(dataset, engine.inputView, training);
    try {
      const step = engine.trainingStep(input);
      const recording = step.map(({ dispatch }) => dispatch);
      engine.beginEpoch(training, input, engine.nextOrder(input, true));
      await input.stream?.ready(engine.disposal, gpu.failure);
      // `begin_step` is repeated like every other dispatch: an epoch that ends would leave the others batches without samples.
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
