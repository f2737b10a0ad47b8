import { activationName } from '../model/activations.ts';
import type { CompiledModel } from '../model/graph.ts';
import { isCrossEntropy } from '../model/loss.ts';
import { averageOf } from '../model/optimizer.ts';
import { scheduleOf } from '../model/schedule.ts';
import { isBasic } from './layers/index.ts';
import { setFurtherLayers } from './layers/loaded.ts';
import { loadFurtherTraining } from './loaded_training.ts';
import { isRegularized } from './regularized.ts';
import type { Settings } from './settings.ts';
import { isBaseOptimizer } from './update.ts';

const basicActivations = ['linear', 'relu', 'tanh', 'sigmoid'];

/**
 * Loads the lowerings and shaders that a model needs beyond those of the basic layers, so that a page whose first run has none
 * of them starts sooner. Await it before planning the model.
 */
async function loadLayers({ layers }: CompiledModel): Promise<void> {
  const needsNoMore = (layer: (typeof layers)[number]) =>
    isBasic(layer) && basicActivations.includes(activationName(layer.activation));
  if (!layers.every(needsNoMore)) setFurtherLayers(await import('./layers/further.ts'));
}

/** Loads everything that a trainer's step needs: its layers, optimizer, loss, regularizers and averages. */
export async function loadKernels({
  model,
  optimizer,
  loss,
  accumulationSteps,
}: Pick<Settings, 'model' | 'optimizer' | 'loss' | 'accumulationSteps'>): Promise<void> {
  const needsFurther =
    !isBaseOptimizer(optimizer) ||
    !isCrossEntropy(loss) ||
    accumulationSteps > 1 ||
    averageOf(optimizer) !== undefined ||
    scheduleOf(optimizer.learningRate).type !== 'constant' ||
    isRegularized(model);
  await Promise.all([loadLayers(model), needsFurther && loadFurtherTraining()]);
}
