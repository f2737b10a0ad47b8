import {
  type Cleaned,
  cleanDatasets,
  createDatasets,
  type Dataset,
  fingerprint,
  fingerprintOf,
  isDatasetName,
  type TrainAndTest,
  type TrainAndTestParts,
  takeFirst,
} from '../data/index.ts';
import { givenReadingOptions } from '../data/reading_options.ts';
import { mostInMemory } from '../data/user_files.ts';
import { ConfigurationError } from '../errors.ts';
import { count, counted } from '../figures.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import type { RunEvent } from '../health/run_events.ts';
import {
  type AdapterFacts,
  type FitSettings,
  type LayerSummary,
  modelSummary,
  type TrainerOptions,
  type TuneResult,
} from '../index.ts';
import { freezeLayers } from '../model/freeze.ts';
import { metricOf } from '../model/loss.ts';
import { requireTrained } from '../model/require_trained.ts';
import { stepSamples } from '../plan/settings.ts';
import { checkLabels } from '../plan/targets.ts';
import type { ResumePoint } from '../session/resume_point.ts';
import { type RunToSave, runToSave } from '../session/saved_run.ts';
import { requireCallbacksFit } from '../train/callbacks/index.ts';
import { weightsOf } from '../train/class_weights.ts';
import { fillFitSettings } from '../train/fill_fit_settings.ts';
import { fillTrainerOptions } from '../train/fill_trainer_options.ts';
import { isEverValidated } from '../train/fit_settings.ts';
import { type Measured, monitorOf } from '../train/monitor.ts';
import { type Plan, planRun } from '../train/run_length.ts';
import { splitForTraining } from '../train/split.ts';
import { fillTestTimeAugmentation, requireTestTimeAugmentationFits } from '../train/test_time_augmentation.ts';
import { type FolderOptions, readParts } from './datasets.ts';
import { type FromModel, fromLine, modelFrom } from './from_model.ts';
import { hostLine } from './hosts/host_names.ts';
import { droppedWords } from './inspection_report.ts';
import { Interrupts } from './interrupts.ts';
import { lengthWarnings } from './length_lines.ts';
import { planOfResumed, type ResumedRun, requireSameImages, requireSameOptions } from './resumed_run.ts';
import type { RunOptions, SampleWeightFile } from './run_options.ts';
import { servedModel, servedState } from './served_runs.ts';
import { Session, type SessionOptions } from './session.ts';
import { checkSamples, modelOf, optimizerOf, trainerOptionsOf, withLossFor } from './trainer_settings.ts';
import { adapterLine, dataLine, lengthLines, modelTable } from './training_report.ts';
import { keepTuning, tuneRun } from './tune_run.ts';

type Dropped = Cleaned['dropped'];

export interface PreparedRun {
  /** The session with the current Chrome: another one after `restart`. */
  readonly session: Session;
  /** Closes Chrome, starts another one with the same kind of adapter, and restores the trainer there to `restored`. */
  restart: () => Promise<void>;
  interrupts: Interrupts;
  plan: Plan;
  adapter: AdapterFacts;
  layers: LayerSummary[];
  /** The figures measured in each epoch. */
  measured: Measured & { outputs: number };
  classNames: readonly string[];
  /** Warnings about the length of the run. */
  warnings: string[];
  /** The parts of a saved run that are known before training. */
  toSave: () => Promise<RunToSave>;
  /** The tuner's result, if it ran. */
  tuning: TuneResult | undefined;
  /** `config` in the file of --json. */
  config: Record<string, unknown>;
}

export interface RunParts extends Pick<SessionOptions, 'keep'> {
  tell?: (events: RunEvent[]) => void;
  /** The state from which the page continues, once there is one. */
  restored?: () => ResumePoint | undefined;
  /** The run to resume, and the names of the options that were typed. */
  resumed?: ResumedRun & { typed: readonly string[] };
  /** The model with the initial weights. */
  from?: FromModel;
  /** Names of layers, or patterns, to freeze. */
  freeze?: readonly string[];
  /** Validation and early stopping options of `fit`. */
  fit?: FitSettings;
  /** The figure given with --monitor. */
  monitor?: string;
  /** Number of augmented samples per test image in the final evaluation. */
  tta?: number;
  /** Whether the run trains for epochs, so that its length is printed. */
  hasEpochs?: boolean;
  /** True for `wgrad tune`: Ctrl-C stops the tuner, and the times so far are printed. Other commands end. */
  isTuner?: boolean;
}

/**
 * The frame that `train` and `profile` share: reads the data, starts Chrome, creates the trainer in its page, prints a description
 * of the run, does `work`, and closes everything in any case.
 */
export async function withRun<Result>(
  asked: RunOptions,
  { tell, keep, restored, resumed, from, freeze, fit = {}, monitor, tta, hasEpochs = false, isTuner = false }: RunParts,
  work: (run: PreparedRun) => Promise<Result>,
): Promise<Result> {
  optimizerOf(asked); // finding an error here is cheaper than after reading the data
  // If the resumed run streamed pictures from their files, they are streamed again, because its fingerprint is of the files.
  const { memoryBudget = asked.memoryBudget } = resumed ? resumed.run.options : asked;
  const { datasets: whole, dropped, reading } = await readCleaned({ ...asked, memoryBudget });
  let datasets = whole;
  const described = describeRun(asked, whole, { from, freeze });
  const { options } = described;
  let { trainer } = described;
  if (resumed) {
    requireSameOptions(trainer, resumed, resumed.typed);
    const { run } = resumed;
    const { trainSamples, testSamples } = run.dataset;
    datasets = firstOf(datasets, trainSamples, testSamples);
    await requireSameImages(datasets, resumed, options.dataset);
    const { memoryBudget } = options;
    trainer = { ...run.options, ...(memoryBudget !== undefined && { memoryBudget }) };
    // This allows resuming on an adapter that lacks the original variants, with different bits.
    if (options.tuning === 'off') trainer = { ...trainer, kernelVariants: {} };
  }
  if (options.tensorCores && options.tuning === 'off' && !trainer.kernelVariants) {
    throw new ConfigurationError({
      what: '--tensor-cores does nothing with --tuning off, because the tuner chooses where to use them',
      found: '--tensor-cores --tuning off',
      expected: '--tuning auto or full, or the file of wgrad tune --json as --kernel-variants',
      fix: 'leave one of them out',
    });
  }
  const measured = requireFitSettings({ fit, monitor, tta, epochs: options.epochs }, trainer, datasets);
  let session: Session | undefined;
  const interrupts = new Interrupts(async () => session?.close());
  try {
    const { adapter: kind, host, chrome, yes, browserTimeout, tensorCores = false } = options;
    const report = console.error;
    const files = new Map([...(from ? servedModel(from.run) : []), ...servedState(() => restored!()!)]);
    const opening = {
      host,
      chrome,
      yes,
      browserTimeout,
      tensorCores,
      datasets: () => datasets,
      tell,
      keep,
      keepTuning,
      files,
      report,
    };
    session = await Session.open({ ...opening, adapter: kind });
    const { adapter } = session;
    const plan = resumed
      ? planOfResumed(resumed, options.epochs!)
      : planRun(options, datasets, adapter.software, datasets.train.imageShape);
    datasets = firstOf(datasets, plan.trainSamples, plan.testSamples);
    console.log(hostLine(session.host, session.version));
    console.log(adapterLine(adapter));
    for (const line of readingLines(reading)) console.log(line);
    if (dropped) for (const line of cleanedLines(dropped, whole)) console.log(line);
    const { imageShape, classNames, targetNames } = datasets.train;
    const { trainSamples, testSamples } = plan;
    console.log(
      dataLine(options.dataset, { train: trainSamples, test: testSamples, imageShape, classNames, targetNames }),
    );
    if (isTuner) {
      interrupts.stop = () => {
        console.log('Stopping after this kernel. Ctrl-C again quits at once.');
        session?.stop();
      };
    }
    if (resumed && options.tuning === 'full') {
      console.log(
        'note     --tuning full has no effect, because a resumed run keeps its variants; off uses the defaults',
      );
    }
    const tuning = resumed ? undefined : await tuneRun(session, trainer, options);
    interrupts.stop = undefined;
    if (tuning) trainer = { ...trainer, kernelVariants: tuning.variants };
    const ofStep = stepSamples({ ...trainer, batchSize: trainer.batchSize ?? options.batchSize });
    if (hasEpochs) for (const line of lengthLines(plan, modelSummary(trainer.model), ofStep)) console.log(line);
    let begun: Parameters<typeof fromLine>[1] | undefined;
    const prepare = async () => {
      const layers = await session!.call('prepare', trainer);
      if (from) begun = await session!.call('takeWeights');
      if (restored?.()) await session!.call('restore');
      return layers;
    };
    const layers = await prepare();
    const restart = async () => {
      await session?.close();
      session = await Session.open({ ...opening, adapter: adapter.software ? 'software' : 'hardware' });
      await prepare();
    };
    if (from && begun) console.log(fromLine(from.path, begun));
    console.log(modelTable(layers));
    if (trainer.kernelVariants) {
      for (const line of await session.call('variantWarnings', trainer)) console.log(`warning  ${line}`);
    }
    const { cut: _, lengthened: __, ...samples } = plan;
    const { dataset, clean } = options;
    const { sampleWeights } = datasets.train;
    const sampleWeight = sampleWeights && (await fingerprintOf(sampleWeights));
    const readingOptions = givenReadingOptions(options);
    const config = {
      dataset,
      clean,
      ...readingOptions,
      ...samples,
      ...trainer,
      ...(Object.keys(fit).length > 0 && { fit }),
      ...(sampleWeight !== undefined && { sampleWeight }),
    };
    const warnings = lengthWarnings(trainer, datasets.train, plan, fit);
    const toSave = async (): Promise<RunToSave> =>
      runToSave(
        {
          ...trainer,
          dataset: nameForPage(dataset),
          clean,
          reading: readingOptions,
          epochs: plan.epochs,
          ...counts(datasets),
          fit,
        },
        datasets.train,
        await fingerprint(datasets),
        sampleWeight,
        { name: session!.host, adapter: describeAdapter(adapter) },
      );
    return await work({
      get session() {
        return session!;
      },
      ...{ restart, interrupts, plan, adapter, layers, measured, classNames, warnings, toSave, config, tuning },
    });
  } finally {
    interrupts.dispose();
    await session?.close();
  }
}

/**
 * The options of a run that depend on its images: the options of its trainer, and the command's own, with the loss for these
 * labels.
 *
 * @throws ConfigurationError for an invalid model or optimizer, and for more samples than there are.
 */
export function describeRun(
  asked: RunOptions,
  datasets: TrainAndTest,
  { from, freeze }: Pick<RunParts, 'from' | 'freeze'> = {},
): { options: RunOptions; trainer: TrainerOptions } {
  const options = withLossFor(asked, datasets.train);
  checkSamples(options, datasets);
  const model = from ? modelFrom(from, options, datasets.train) : modelOf(options, datasets.train);
  return {
    options,
    trainer: trainerOptionsOf(options, freeze ? freezeLayers(model, ...freeze) : model, optimizerOf(options)),
  };
}

/**
 * Checks the options before Chrome is started.
 *
 * @returns the figures that the epochs will measure.
 * @throws ConfigurationError for options that do not fit the model or the images.
 */
export function requireFitSettings(
  {
    fit,
    monitor,
    tta,
    epochs,
  }: Required<Pick<RunParts, 'fit'>> & Pick<RunParts, 'monitor' | 'tta'> & { epochs?: number },
  options: TrainerOptions,
  { train, test }: TrainAndTest,
): PreparedRun['measured'] {
  const settings = fillTrainerOptions(options);
  requireTrained(settings.model);
  const { loss, outputs, metrics, optimizer } = settings;
  for (const part of [train, test]) if (part.count > 0) checkLabels({ loss, outputs }, part);
  const { classWeight, validationSplit } = fit;
  splitForTraining(train, settings.inputView, validationSplit === undefined ? {} : { validationSplit });
  if (classWeight !== undefined) weightsOf(train, { classWeight });
  const { callbacks, validationFreq } = fillFitSettings(fit);
  const isLeftOut = epochs !== undefined && !isEverValidated(epochs, validationFreq);
  const validation = (validationSplit !== undefined || test.count > 0) && !isLeftOut;
  const accuracy = metricOf(loss) === 'accuracy';
  const measured = { validation, accuracy, metrics, outputs, ...(isLeftOut && { isLeftOut }) };
  requireCallbacksFit(callbacks, measured, typeof optimizer.learningRate === 'object');
  if (monitor !== undefined) monitorOf({ monitor }, measured, '--monitor');
  if (tta !== undefined) requireTestImages(tta, test);
  if (tta !== undefined) requireTestTimeAugmentationFits(settings.inputView, test, fillTestTimeAugmentation(tta));
  return measured;
}

function requireTestImages(tta: number, { count }: Dataset): void {
  if (count > 0) return;
  throw new ConfigurationError({
    what: '--tta needs test images',
    found: `--tta ${tta}with a data set that has no test images`,
    fix: 'leave --tta out, or use a data set with a validation or test split',
  });
}

/** For the page, the images of a folder are a custom data set. */
export const nameForPage = (dataset: string): string => (isDatasetName(dataset) ? dataset : 'own');

/** Without validation, the test part is empty and no subset is taken. */
export const firstOf = ({ train, test }: TrainAndTest, trainSamples: number, testSamples: number): TrainAndTest => ({
  train: takeFirst(train, Math.min(trainSamples, train.count)),
  test: testSamples > 0 ? takeFirst(test, Math.min(testSamples, test.count)) : test,
});

export const counts = ({ train, test }: TrainAndTest) => ({ trainSamples: train.count, testSamples: test.count });

/** Reads a data set, without the findings of `--clean`, and describes how the files of a folder were read. */
export async function readCleaned(
  options: Pick<RunOptions, 'dataset' | 'clean' | 'sampleWeight' | 'memoryBudget'> &
    Omit<FolderOptions, 'report' | 'streamAbove'>,
): Promise<{ datasets: TrainAndTest; dropped?: Dropped; reading: string[] }> {
  const { dataset, clean, sampleWeight, memoryBudget = mostInMemory } = options;
  // Findings such as duplicates are computed over all images, which have to be in memory.
  const streamed = clean.length > 0 ? {} : { streamAbove: memoryBudget };
  // `report` of the compare options is a file, not a function.
  const read = await readParts(dataset, { ...options, report: undefined, ...streamed });
  const { reading } = read;
  const parts = sampleWeight ? weighted(read.parts, sampleWeight, dataset) : read.parts;
  if (clean.length === 0) return { datasets: createDatasets(parts), reading };
  const cleaning = Object.fromEntries(clean.map((finding) => [finding, true]));
  const { dropped, ...datasets } = cleanDatasets(parts, cleaning);
  return { datasets, dropped, reading };
}

/** @throws ConfigurationError unless there is one weight per training image. */
function weighted(parts: TrainAndTestParts, { path, weights }: SampleWeightFile, dataset: string): TrainAndTestParts {
  const images = parts.train.labels.length;
  if (weights.length === images) return { ...parts, train: { ...parts.train, sampleWeights: weights } };
  throw new ConfigurationError({
    what: '--sample-weight has a different number of weights than there are training images',
    found: `${counted(weights.length, 'weight')} in ${path}`,
    expected: `${count(images)}, one for each training image of ${dataset}, before --clean and --train-samples`,
  });
}

/** A line for each decision that was made about the files of a folder. */
export const readingLines = (reading: readonly string[]): string[] => reading.map((line) => `read     ${line}`);

/** Numbers of images before --train-samples and --test-samples are applied. */
export function cleanedLines(dropped: Dropped, { train, test }: TrainAndTest): string[] {
  const emptied = train.classNames.filter((_, label) => !train.labels.includes(label));
  return [
    `cleaned  dropped ${droppedWords(dropped)}; ${count(train.count)} training and ${counted(test.count, 'test image')} stay`,
    ...(emptied.length > 0 ? [`warning  no training image is of class ${emptied.join(', ')}`] : []),
  ];
}
