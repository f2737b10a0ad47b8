import type { Traits } from '../gpu/device.ts';
import { RecordReader } from '../health/records.ts';
import { describePlan, type PlanFacts } from '../plan/describe_plan.ts';
import { shareMemory } from '../plan/liveness.ts';
import { loadKernels } from '../plan/load_kernels.ts';
import { type DatasetFacts, planInputData } from '../plan/plan_input.ts';
import { type PlanLimits, Planner } from '../plan/planner.ts';
import { planSteps, sequencesOf } from '../plan/steps.ts';
import { fillTrainerOptions } from './fill_trainer_options.ts';
import type { TrainerOptions } from './trainer_options.ts';

/** An adapter as far as a plan depends on it. */
export interface PlannedAdapter {
  traits: Traits;
  limits: PlanLimits;
}

/** The plan of a training step and how often it goes over the images of a batch. */
export interface TrainingPlan extends PlanFacts {
  augmentationPasses: number;
}

/**
 * The dispatches and buffers of a trainer with these options, for a data set. It needs no GPU, and no image.
 *
 * @throws ConfigurationError as `createTrainer` and `fit` do, for a model that is too large for the adapter too.
 */
export async function planTraining(
  options: TrainerOptions,
  dataset: DatasetFacts,
  { traits, limits }: PlannedAdapter,
): Promise<TrainingPlan> {
  const settings = fillTrainerOptions(options);
  await loadKernels(settings);
  const planner = new Planner(traits, limits, settings.kernelVariants);
  const steps = planSteps(planner, settings, new RecordReader(settings.model, settings.health, settings));
  const input = planInputData(planner, dataset, settings, steps);
  const slots = shareMemory(planner.buffers, sequencesOf(steps));
  return { ...describePlan(steps, input, slots), augmentationPasses: input.passes };
}
