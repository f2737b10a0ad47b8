import type { ErrorParts } from '../errors.ts';
import { count } from '../figures.ts';
import { adam, modelSummary, sgd } from '../index.ts';
import { download } from './download.ts';
import type { Experiment } from './experiment.ts';
import { augmentationPresets, modelPresets } from './presets.ts';
import { Run, toldOf } from './run.ts';
import * as state from './state.ts';
import type { Loaded } from './worker/run_file.ts';
import { training } from './worker/training.ts';

/** Hands the run that is shown to the person as a file. */
export async function saveRun(): Promise<void> {
  const run = state.run.peek();
  if (!run) return;
  const { epochs, steps, verdicts, probes } = run.log;
  try {
    const file = await training.save({ epochs, steps, verdicts, probes });
    download(new Blob([file]), `${run.experiment.dataset}-${steps.length}-steps.wgrad`);
    state.status.value = `Saved: weights and optimizer, configuration, ${count(steps.length)} steps.`;
  } catch (error) {
    state.trouble.value = error as ErrorParts;
  }
}

/** Shows a run from a file in place of the one that is there; its network can be asked as before. */
export async function loadRun(file: File): Promise<void> {
  if (state.run.peek()?.isUnderWay.peek()) return;
  state.trouble.value = undefined;
  try {
    const loaded = await training.loadRun(new Uint8Array(await file.arrayBuffer()), file.name);
    const { dataset, epochs, options, history } = loaded;
    const { trainSamples, testSamples } = dataset;
    const experiment = experimentOf(loaded);
    const plan = { epochs, trainSamples, testSamples, cut: false };
    const run = new Run(experiment, plan, modelSummary(options.model), dataset.classNames, dataset.imageShape);
    run.add(toldOf(history.steps, history.epochs, Math.ceil(trainSamples / experiment.batchSize)));
    run.add([...history.verdicts.map((verdict) => ({ verdict })), ...history.probes.map((probe) => ({ probe }))]);
    state.datasetIsChosen.value = true;
    state.experiment.value = experiment;
    run.end();
    state.run.value = run;
    state.status.value = `Loaded ${file.name}: ${count(history.steps.length)} steps on ${dataset.name}.`;
  } catch (error) {
    state.trouble.value = error as ErrorParts;
  }
}

/** Presets by their names again, where they are nothing else. */
function experimentOf({ options, dataset, epochs }: Loaded): Experiment {
  const { classNames, name, trainSamples, testSamples } = dataset;
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const { inputShape } = options.model;
  const model = Object.entries(modelPresets).find(([, make]) =>
    same(make(inputShape, classNames.length), options.model),
  );
  const augmentation = options.augmentation ?? {};
  const preset = Object.entries(augmentationPresets).find(([, config]) => same(config, augmentation));
  const { optimizer = 'adam' } = options;
  // A file knows what was trained. A list that is here as it was keeps what is switched off in it.
  const { switchedOff } = same(state.augmentation.peek(), augmentation) ? state.experiment.peek() : {};
  return {
    dataset: name,
    model: model?.[0] ?? options.model,
    augmentation: preset?.[0] ?? augmentation,
    switchedOff,
    optimizer: optimizer === 'adam' ? adam() : optimizer === 'sgd' ? sgd() : optimizer,
    batchSize: options.batchSize ?? 32,
    seed: options.seed ?? 0,
    ...(options.health && { health: options.health }),
    health: options.health ?? 'norms',
    epochs,
    trainSamples,
    testSamples,
  };
}
