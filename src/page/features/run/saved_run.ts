import { proxy } from 'comlink';
import type { ReadingOptions } from '../../../data/reading_options.ts';
import type { ErrorParts } from '../../../errors.ts';
import { counted } from '../../../figures.ts';
import type { ModelFormat } from '../../../formats/export_model.ts';
import { upTo } from '../../../formats/history_until.ts';
import { modelSummary } from '../../../index.ts';
import { stepSamples } from '../../../plan/settings.ts';
import { defaults, lossOf, modelOf, namesOf, type SettledExperiment, sameLoss } from '../../app/experiment.ts';
import { augmentationPresets, modelPresets } from '../../app/presets.ts';
import * as state from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';
import { download } from '../../ui/download.ts';
import { canResume, stepsOf } from './model.ts';
import { type History, Run } from './run.ts';
import type { Loaded } from './saved_run_worker.ts';
import * as runState from './state.ts';
import { mayReplace } from './unsaved.ts';

/** The shown run as a file, with its number of steps. */
export async function fileOf(run: Run): Promise<{ file: Uint8Array<ArrayBuffer>; steps: number }> {
  let steps = 0;
  const historyNow = (step: number): History => {
    steps = step;
    return upTo(run.history, step, Math.floor(step / run.log.stepsPerEpoch));
  };
  const file = await training.save(proxy(historyNow));
  return { file, steps };
}

/** Downloads the shown run as a file. */
export async function saveRun(): Promise<void> {
  const run = runState.run.peek();
  if (!run) return;
  try {
    const { file, steps } = await fileOf(run);
    run.keptSteps.value = Math.max(run.keptSteps.peek(), steps);
    download(new Blob([file]), `${run.experiment.dataset}-${steps}-steps.wgrad`);
    state.say(`Saved: weights and optimizer, configuration, ${counted(steps, 'step')}.`);
  } catch (error) {
    state.pageError.value = error as ErrorParts;
  }
}

/** Downloads the model of the shown run in another program's format. */
export async function exportModel(format: ModelFormat): Promise<void> {
  const run = runState.run.peek();
  if (!run) return;
  try {
    const { name, bytes } = await training.exportedModel(format);
    download(new Blob([bytes]), `${run.experiment.dataset}-${name}`);
    state.say(`Exported: the model and its weights, as ${name}.`);
  } catch (error) {
    state.pageError.value = error as ErrorParts;
  }
}

async function bytesOf(file: File): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    const fix = 'choose it again: it may have been moved or changed since';
    throw { what: `${file.name} can't be read`, found: String(error), fix } satisfies ErrorParts;
  }
}

/** The file to be loaded after the one that is being read; if there are several, the last. */
let waiting: File | undefined;

/** Replaces the shown run by one from a file, whose network can then be used like any other. */
export async function loadRun(file: File): Promise<void> {
  if (runState.run.peek()?.isUnderWay.peek() || !(await mayReplace())) return;
  waiting = file;
  if (runState.isLoading.peek()) {
    state.status.value = { is: 'loading', file: file.name, next: true };
    return;
  }
  runState.isLoading.value = true;
  while (waiting) {
    const next: File = waiting;
    waiting = undefined;
    await load(next);
  }
  runState.isLoading.value = false;
}

async function load(file: File): Promise<void> {
  state.pageError.value = undefined;
  state.status.value = { is: 'loading', file: file.name };
  try {
    const loaded = await training.loadRun(await bytesOf(file), file.name);
    const { dataset, epochs, options, history, partialEpoch } = loaded;
    const { trainSamples, testSamples } = dataset;
    const experiment = experimentOf(loaded);
    const plan = { epochs, trainSamples, testSamples, cut: false };
    const run = new Run(experiment, plan, modelSummary(options.model), namesOf(dataset), dataset.imageShape);
    if (options.probeEvery) run.probeEvery = options.probeEvery;
    run.addHistory(history, stepsPerEpoch(loaded));
    state.datasetIsChosen.value = true;
    state.experiment.value = experiment;
    run.end(partialEpoch);
    run.keptSteps.value = run.stepsDone; // all of its steps are in the file
    runState.run.value = run;
    run.bytes.value = loaded.bytes;
    const said = [`Loaded ${file.name}: ${stepsOf(run)} on ${dataset.name}.`];
    if (!loaded.hasImages) said.push('The images that it was trained on are not available.');
    const { mix } = options;
    if (mix && mix !== 'replace') {
      said.push(
        `It mixes copies in (mix: ${JSON.stringify(mix)}), which this page does not support: Train leaves that out.`,
      );
    }
    state.say(said.join(' '));
    await canResume(run);
  } catch (error) {
    state.status.value = { is: 'idle' };
    state.pageError.value = error as ErrorParts;
  }
}

/** Taken from a complete epoch if there is one, otherwise computed. */
function stepsPerEpoch({ options, dataset, history }: Loaded): number {
  if (history.epochs.length) return history.steps.filter(({ epoch }) => epoch === 1).length;
  const copies = options.mix === 'merge' ? (options.copies ?? 1) : 0;
  return Math.ceil(
    (dataset.trainSamples * (1 + copies)) / stepSamples({ ...options, batchSize: options.batchSize ?? 32 }),
  );
}

/** The reading options that the page has. */
const ofPage = ({ validationSplit: _, ...reading }: ReadingOptions = {}) => reading;

/** Replaces models and augmentations that equal a preset by the preset's name. */
function experimentOf({ options, dataset, epochs, fit, testTimeAugmentation }: Loaded): SettledExperiment {
  const { name, trainSamples, testSamples } = dataset;
  const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  const { inputShape } = options.model;
  const loss = typeof options.loss === 'string' ? { type: options.loss } : options.loss;
  const model = Object.keys(modelPresets).find((model) =>
    same(modelOf({ ...defaults, model, ...(loss && { loss }) }, inputShape, dataset), options.model),
  );
  const augmentation = options.augmentation ?? {};
  const preset = Object.entries(augmentationPresets).find(([, config]) => same(config, augmentation));
  const { optimizer = 'adam' } = options;
  // A file contains only what was trained. If the current list of ops is the same, its switched-off ops are kept.
  const { switchedOff } = same(state.augmentation.peek(), augmentation) ? state.experiment.peek() : {};
  return {
    dataset: name,
    clean: dataset.clean ?? [],
    ...ofPage(dataset.reading),
    model: model ?? options.model,
    augmentation: preset?.[0] ?? augmentation,
    switchedOff,
    optimizer: typeof optimizer === 'string' ? { type: optimizer } : optimizer,
    batchSize: options.batchSize ?? 32,
    accumulationSteps: options.accumulationSteps ?? 1,
    memoryBudget: options.memoryBudget && Math.ceil(options.memoryBudget / 2 ** 20),
    ...(loss && !sameLoss(loss, lossOf({})) && { loss }),
    ...(options.activationStorage === 'float16' && { activationStorage: 'float16', lossScale: options.lossScale }),
    seed: options.seed ?? 0,
    health: options.health ?? 'norms',
    ...(options.metrics && { metrics: options.metrics }),
    ...(fit && { fit }),
    ...(testTimeAugmentation && { testTimeAugmentation }),
    epochs,
    trainSamples,
    testSamples,
  };
}
