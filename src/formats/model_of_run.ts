import { ConfigurationError } from '../errors.ts';
import { compileModel, trainedTensors } from '../model/graph.ts';
import { initialWeights } from '../model/initial_weights.ts';
import { elementsOf } from '../model/initializers.ts';
import { activationOption } from '../model/layer.ts';
import { lossFor, requireEnding } from '../model/loss.ts';
import { fillOptimizer, slotsOf } from '../model/optimizer.ts';
import { parsedInto } from '../plan/parsed_pipeline.ts';
import { fillTrainerOptions } from '../train/fill_trainer_options.ts';
import { classesOfOutputs } from '../train/prediction_facts.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import type { SavedRun } from './run_file.ts';
import type { ImportedModel } from './tensorflow.ts';
import { mostWeights, type TrainedModel } from './trained_model.ts';

/** The model of a saved run with the weights used for prediction: the moving averages if the run keeps them. */
export function modelOfRun({
  options,
  dataset,
  snapshot,
}: Pick<SavedRun, 'options' | 'snapshot'> & {
  dataset: Pick<SavedRun['dataset'], 'classNames' | 'pictureFit' | 'pictureLevels'>;
}): TrainedModel {
  const { tensors } = compileModel(options.model);
  const { weights, averages } = snapshot;
  const { classNames, pictureFit: fit, pictureLevels: levels } = dataset;
  return {
    model: options.model,
    weights: tensors.map(({ spec, index }, t) => (averages && spec.trainable ? averages[index]! : weights[t]!)),
    classNames,
    rescale: rescaleOf(options),
    ...((fit || levels) && { pictures: { ...(fit && { fit }), ...(levels && { levels }) } }),
  };
}

/** The factor by which image bytes are multiplied before the network; null if preprocessing does more than that. */
function rescaleOf({ augmentation, model }: TrainerOptions): number | null {
  const { ops } = parsedInto(augmentation ?? {}, model.inputShape);
  let factor = 1;
  for (const step of ops.flatMap(({ steps }) => steps)) {
    if (step.kind === 'matrix') return null;
    if (step.kind !== 'pixel' || !step.always) continue;
    const [by] = step.args ?? [];
    if (step.call !== 'rescale' || typeof by !== 'number') return null;
    factor *= by;
  }
  return factor;
}

/**
 * Creates an untrained run from an imported model. The optimizer is Adam and the loss matches the model's output. Without weights,
 * the model is initialized as by a new trainer.
 *
 * @throws ConfigurationError if the model's last layer doesn't return a vector, or if the model is too large.
 */
export function runOfModel({ model, weights, classNames, rescale, pictures }: Omit<ImportedModel, 'notes'>): SavedRun {
  const compiled = compileModel(model);
  const { config } = compiled.layers[compiled.output]!;
  const loss = lossFor(activationOption(config) ?? 'linear');
  const outputs = requireEnding(compiled, loss);
  if (compiled.parameters > mostWeights) {
    throw new ConfigurationError({
      what: 'The model is too large',
      found: `${compiled.parameters} weights`,
      expected: `at most ${mostWeights}`,
    });
  }
  const optimizer = fillOptimizer('adam');
  const trained = trainedTensors(compiled);
  const factor = typeof rescale === 'number' ? { augmentation: { rescale } } : {};
  return {
    options: { model, optimizer: 'adam', loss, ...factor },
    dataset: {
      name: 'own',
      imageShape: [...model.inputShape],
      classNames:
        classNames?.length === outputs ? [...classNames] : Array.from({ length: outputs }, (_, label) => String(label)),
      ...(pictures?.fit && { pictureFit: pictures.fit }),
      ...(pictures?.levels && { pictureLevels: pictures.levels }),
      trainSamples: 1,
      testSamples: 0,
    },
    epochs: 1,
    history: { epochs: [], steps: [], verdicts: [], probes: [] },
    snapshot: {
      weights: weights ?? initialWeights(compiled, 0),
      optimizer: 'adam',
      slots: slotsOf(optimizer).flatMap(() => trained.map(({ spec }) => new Float32Array(elementsOf(spec)))),
      progress: { epochs: 0, step: 0, updates: 0, skipped: 0, correction1: 0, correction2: 0 },
      learningRate: 0.001,
    },
  };
}

/** The options of `createTrainer` for a saved run: its options, its class names, and how its pictures are fitted. */
export function optionsOfRun({ options, dataset }: Pick<SavedRun, 'options' | 'dataset'>): TrainerOptions {
  const { classNames, targetNames, imageShape, pictureFit = 'cover', pictureLevels: levels } = dataset;
  const { outputs } = fillTrainerOptions(options);
  const names = [classNames, targetNames ?? []].find(({ length }) => length === classesOfOutputs(outputs));
  return {
    ...options,
    ...(names && { classNames: names }),
    pictures: { imageShape, fit: pictureFit, ...(levels && { levels }) },
  };
}
