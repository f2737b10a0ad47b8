import type { Traits } from '../gpu/device.ts';
import type { Variant } from '../gpu/kernel.ts';
import { variantKey } from '../gpu/variants.ts';
import { RecordReader } from '../health/records.ts';
import { describePlan, type PlanFacts, sequenceOf } from '../plan/describe_plan.ts';
import { shareMemory } from '../plan/liveness.ts';
import { loadJointLaunches, loadKernels, loadVariants } from '../plan/load_kernels.ts';
import { type DatasetFacts, planInputData } from '../plan/plan_input.ts';
import { type PlanLimits, type PlannedDispatch, Planner, type TunableKernel } from '../plan/planner.ts';
import { type StepPlan, sequencesOf } from '../plan/steps.ts';
import { fillTrainerOptions } from './fill_trainer_options.ts';
import type { TrainerOptions } from './trainer_options.ts';

/** The properties of an adapter that a plan depends on. */
export interface PlannedAdapter {
  traits: Traits;
  limits: PlanLimits;
}

/** The plan of a training step, and how often it reads and writes the images of a batch. */
export interface TrainingPlan extends PlanFacts {
  augmentationPasses: number;
}

/**
 * Plans the dispatches and buffers of a trainer with these options for a data set, without a GPU or images.
 *
 * @throws ConfigurationError as `createTrainer` and `fit` do, including for a model that is too large for the adapter.
 */
export async function planTraining(
  options: TrainerOptions,
  dataset: DatasetFacts,
  adapter: PlannedAdapter,
): Promise<TrainingPlan> {
  const { planner, steps, input } = await planWithInput(options, dataset, adapter);
  const slots = shareMemory(planner.buffers, sequencesOf(steps));
  return { ...describePlan(steps, input, slots, await upgradesOf(steps, planner)), augmentationPasses: input.passes };
}

/** The variants that replace those of some dispatches in a long run; undefined for a dispatch that it no longer launches. */
async function upgradesOf(
  { upgradable, network }: StepPlan,
  { traits }: Planner,
): Promise<ReadonlyMap<PlannedDispatch, Variant | undefined>> {
  if (upgradable.length === 0) return new Map();
  const { fasterKernel, unreadLabels } = await import('./kernel_upgrades.ts'); // loaded on demand
  const unread = unreadLabels(upgradable, traits);
  const omitted = network.training.backward.filter(({ writes }) => writes[0] && unread.has(writes[0].label));
  return new Map<PlannedDispatch, Variant | undefined>([
    ...upgradable.map((one) => {
      const { kernel, shape } = fasterKernel(one, traits);
      return [one.dispatch, kernel.variants!(shape, traits)[0]!] as const;
    }),
    ...omitted.map((dispatch) => [dispatch, undefined] as const),
  ]);
}

/** A kernel and shape that a training step launches. */
export interface StepLaunch extends TunableKernel {
  /** The one that a long run uses. */
  variant: Variant;
  /** The layers that it computes for; empty if it belongs to the step as a whole. */
  layers: string[];
}

/** The launches of a training step in execution order, with each kernel and shape listed once. @throws as `planTraining` does. */
export async function stepLaunches(
  options: TrainerOptions,
  dataset: DatasetFacts,
  adapter: PlannedAdapter,
): Promise<StepLaunch[]> {
  const { planner, steps, input } = await planWithInput(options, dataset, adapter, true);
  const upgrades = await upgradesOf(steps, planner);
  const launches = new Map<string, StepLaunch>();
  for (const part of sequenceOf(steps, input).flatMap(({ dispatch }) => dispatch.parts)) {
    const { launched, layer } = part;
    const variant = upgrades.get(part) ?? part.variant;
    const key = variantKey(launched.kernel, launched.shape);
    const known = launches.get(key) ?? { ...launched, variant, layers: [] };
    launches.set(key, known);
    if (layer && !known.layers.includes(layer)) known.layers.push(layer);
  }
  return [...launches.values()];
}

async function planWithInput(
  options: TrainerOptions,
  dataset: DatasetFacts,
  { traits, limits }: PlannedAdapter,
  allVariants?: boolean,
) {
  const settings = fillTrainerOptions(options);
  const [joint, further, planSteps] = await Promise.all([
    loadJointLaunches(traits),
    loadVariants(settings, allVariants),
    loadKernels(settings),
  ]);
  const planner = new Planner(traits, limits, settings.kernelVariants, joint, further);
  const steps = planSteps(planner, settings, new RecordReader(settings.model, settings.health, settings));
  return { planner, steps, input: planInputData(planner, dataset, settings, steps) };
}
