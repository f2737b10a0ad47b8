import type { Command } from 'commander';
import { isDatasetName, takeFirst } from '../data/index.ts';
import { givenReadingOptions } from '../data/reading_options.ts';
import { ConfigurationError } from '../errors.ts';
import { fixed } from '../figures.ts';
import { optionsOfRun } from '../formats/model_of_run.ts';
import type { SavedRun } from '../formats/run_file.ts';
import type { Evaluation, MetricConfig } from '../index.ts';
import { unpackNumbers } from '../json_numbers.ts';
import { isCategorical } from '../model/loss.ts';
import { checkDataset } from '../plan/check_dataset.ts';
import { parsedFor } from '../plan/parsed_pipeline.ts';
import { fillTrainerOptions } from '../train/fill_trainer_options.ts';
import { fillTestTimeAugmentation, requireTestTimeAugmentationFits } from '../train/test_time_augmentation.ts';
import type { FolderOptions } from './datasets.ts';
import { readRunOrModel } from './given_model.ts';
import { readCleaned, readingLines } from './run.ts';
import { addEvaluationOptions, type RunOptions } from './run_options.ts';
import { servedModel } from './served_runs.ts';
import { table } from './tables.ts';
import { adapterLine, dataLine, testLine } from './training_report.ts';
import { integer, jsonOption } from './values.ts';
import { writeJson } from './whole_file.ts';
import { withSession } from './with_session.ts';

interface EvaluateCommandOptions extends Pick<RunOptions, 'clean' | 'adapter'>, FolderOptions {
  dataset?: string;
  testSamples?: number;
  tta?: number;
  json?: string;
}

/** `wgrad evaluate` */
export function addEvaluateCommand(wgrad: Command): void {
  addEvaluationOptions(
    wgrad
      .command('evaluate')
      .description('evaluate a trained model on the test images of a data set')
      .argument('<model>', "a run written by --save, or another program's model that import can read"),
  )
    .option('--test-samples <n>', 'use only the first n test images', integer('--test-samples', { min: 1 }))
    .option(
      '--tta <n>',
      'average the predictions of n augmented samples of each image',
      integer('--tta', { min: 1, max: 10_000 }),
    )
    .addOption(jsonOption('write the figures as JSON'))
    .action(evaluateModel);
}

/** A folder is read as that of the run was, unless the options say otherwise, and its pictures become images as those did. */
function asTrained({ dataset }: SavedRun, options: EvaluateCommandOptions): Partial<FolderOptions> {
  const { reading = {}, imageShape, pictureFit: fit, pictureLevels: levels } = dataset;
  const { validationSplit: _, ...read } = { ...reading, ...givenReadingOptions(options) };
  const [height, width] = imageShape;
  return { ...read, pictures: { size: [height, width], ...(fit && { fit }), ...(levels && { levels }) } };
}

const ofClasses: MetricConfig[] = ['precision', 'recall', 'f1Score', 'balancedAccuracy', 'confusionMatrix'];

async function evaluateModel(given: string, options: EvaluateCommandOptions): Promise<void> {
  const run = await readRunOrModel(given);
  const dataset = options.dataset ?? datasetOf(run, given);
  const asked = isDatasetName(dataset) ? options : { ...options, ...asTrained(run, options) };
  const { datasets: whole, reading } = await readCleaned({ ...asked, dataset });
  const { testSamples, tta, json, adapter: kind, host, chrome, yes, browserTimeout } = options;
  const test = testSamples === undefined ? whole.test : takeFirst(whole.test, testSamples);
  const settings = fillTrainerOptions(optionsOfRun(run));
  const { model, outputs, loss, inputView } = settings;
  if (test.count === 0) {
    throw new ConfigurationError({
      what: 'The data set has no test images',
      found: dataset,
      fix: 'use a data set with a validation or test split, or --validation-split above 0',
    });
  }
  checkDataset(test, parsedFor(inputView.augmentation, test.imageShape), {
    inputShape: model.inputShape,
    outputs,
    loss,
  });
  if (tta !== undefined) requireTestTimeAugmentationFits(inputView, test, fillTestTimeAugmentation(tta));
  const opening = {
    ...{ host, chrome, yes, browserTimeout, adapter: kind, report: console.error },
    // The page fetches both parts, but uses the test images only.
    datasets: () => ({ train: takeFirst(test, 1), test }),
    files: servedModel(run),
  };
  await withSession(opening, async (session) => {
    const { adapter } = session;
    console.log(adapterLine(adapter));
    for (const line of readingLines(reading)) console.log(line);
    const { imageShape, classNames, targetNames } = test;
    console.log(dataLine(dataset, { train: whole.train.count, test: test.count, imageShape, classNames, targetNames }));
    const names = run.dataset.classNames;
    if (classNames.join('\n') !== names.join('\n')) {
      console.log(
        `note     the model was trained on classes with other names: ${some(names)}; the data set has ${some(classNames)}`,
      );
    }
    await session.call('openModel');
    const hasClasses = isCategorical(loss);
    const evaluation: Evaluation = unpackNumbers(
      await session.call('evaluateModel', {
        ...(hasClasses && { metrics: ofClasses }),
        ...(tta !== undefined && { testTimeAugmentation: tta }),
      }),
    );
    console.log(testLine(evaluation, tta));
    if (hasClasses) for (const line of classTables(evaluation, classNames)) console.log(line);
    if (json === undefined) return;
    const facts = { model: given, dataset, images: test.count, classNames, adapter };
    writeJson(json, { ...facts, ...(tta !== undefined && { tta }), ...evaluation });
  });
}

const most = 5;
const some = (names: readonly string[]) =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ');

/** The data set that a run was trained on, if it has a name. */
function datasetOf({ dataset }: SavedRun, given: string): string {
  if (isDatasetName(dataset.name)) return dataset.name;
  throw new ConfigurationError({
    what: 'The model does not name a data set',
    found: given,
    fix: 'add --dataset <name or folder>',
  });
}

/** Maximum number of classes for which the matrix is printed; --json has larger ones. */
const mostClasses = 40;

/** The confusion matrix, and the metrics of each class that follow from it. */
function classTables(evaluation: Evaluation, classNames: readonly string[]): string[] {
  const matrix = evaluation.confusionMatrix;
  const columns = (['precision', 'recall', 'f1Score'] as const).map((name) => ({
    name,
    values: evaluation[`${name}ByClass`],
  }));
  const rows = classNames.map((name, label) => [name, ...columns.map(({ values }) => fixed(values?.[label]))]);
  const byClass = table(['class', ...columns.map(({ name }) => name)], rows);
  if (!matrix || classNames.length > mostClasses) return [byClass];
  return [
    table(
      ['actual \\ predicted', ...classNames],
      matrix.map((counts, label) => [classNames[label]!, ...counts.map(String)]),
    ),
    byClass,
  ];
}
