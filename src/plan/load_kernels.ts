import type { Traits } from '../gpu/device.ts';
import { activationName } from '../model/activations.ts';
import type { CompiledModel } from '../model/graph.ts';
import { isCrossEntropy } from '../model/loss.ts';
import { averageOf } from '../model/optimizer.ts';
import { scheduleOf } from '../model/schedule.ts';
import { fusionsOf } from './layers/fusion.ts';
import { isBasic } from './layers/index.ts';
import { setFurtherLayers } from './layers/loaded.ts';
import { loadFurtherTraining } from './loaded_training.ts';
import type { FurtherVariants, JointLaunches } from './planner.ts';
import { isRegularized } from './regularized.ts';
import type { Settings } from './settings.ts';
import { planSteps } from './steps.ts';
import { isBaseOptimizer } from './update.ts';

const basicActivations = ['linear', 'relu', 'tanh', 'sigmoid'];

/** Fetches the lowerings and shaders of all layers. */
export async function loadFurtherLayers(): Promise<void> {
  setFurtherLayers(await import('./layers/further.ts'));
}

/**
 * Loads the lowerings and shaders that a model needs beyond those of the basic layers, so that a page whose first run needs none of them
 * starts sooner. Await it before planning the model.
 */
async function loadLayers(model: CompiledModel): Promise<void> {
  // In inference, only normalizations are fused differently, and they are not basic layers.
  const fusedAway = new Set([...fusionsOf(model, 'train').values()].flatMap(({ members }) => members));
  const needsNoMore = (layer: CompiledModel['layers'][number], index: number) =>
    (isBasic(layer) || fusedAway.has(index)) && basicActivations.includes(activationName(layer.activation));
  // Gradients are added where a value has several consumers, which requires a merge layer, and completed at an output whose activation is
  // not part of the loss.
  const endsInLoss = activationName(model.layers[model.output]!.activation) === 'linear';
  if (!endsInLoss || !model.layers.every(needsNoMore)) await loadFurtherLayers();
}

/**
 * Loads the code that joins dispatches into fewer launches. It is not used on a software adapter, where each invocation also executes the
 * code of the other kernel, with masked results, which takes longer than a launch.
 */
export const loadJointLaunches = async ({ software }: Traits): Promise<JointLaunches | undefined> =>
  software ? undefined : import('./joint_launches.ts');

/** Loads the kernel variants of further_variants.ts if the settings choose some of them or, if `all`, for the tuner. */
export const loadVariants = async (
  { kernelVariants = {} }: Pick<Settings, 'kernelVariants'>,
  all = false,
): Promise<FurtherVariants | undefined> =>
  all || Object.keys(kernelVariants).length > 0 ? import('../kernels/further_variants.ts') : undefined;

/**
 * Loads everything that a trainer's step needs: its layers, optimizer, loss, regularizers and averages.
 *
 * @returns the function that plans it, which is another one if activations are stored as float16.
 * @throws ConfigurationError for an unknown storage, or a loss scale that is no power of two or has no use.
 */
export async function loadKernels(settings: Settings): Promise<typeof planSteps> {
  const { model, optimizer, loss, accumulationSteps, activationStorage, lossScale } = settings;
  const needsFurther =
    !isBaseOptimizer(optimizer) ||
    !isCrossEntropy(loss) ||
    accumulationSteps > 1 ||
    averageOf(optimizer) !== undefined ||
    scheduleOf(optimizer.learningRate).type !== 'constant' ||
    isRegularized(model);
  await Promise.all([loadLayers(model), needsFurther && loadFurtherTraining()]);
  if ((activationStorage ?? lossScale) === undefined) return planSteps;
  const { planningOf } = await import('./half_activations.ts'); // loaded on demand
  return planningOf(settings, planSteps);
}
