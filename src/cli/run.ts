import {
  type Cleaned,
  cleanDatasets,
  createDatasets,
  fingerprint,
  isDatasetName,
  type TrainAndTest,
  takeFirst,
} from '../data/index.ts';
import { count, counted } from '../figures.ts';
import type { RunEvent } from '../health/run_events.ts';
import { type AdapterFacts, type LayerSummary, modelSummary } from '../index.ts';
import { type RunToSave, runToSave } from '../session/saved_run.ts';
import { type Plan, planRun } from '../train/run_length.ts';
import { readParts } from './datasets.ts';
import { droppedWords } from './inspection_report.ts';
import { Interrupts } from './interrupts.ts';
import { checkSamples, modelOf, optimizerOf, type RunOptions, trainerOptionsOf } from './run_options.ts';
import { Session, type SessionOptions } from './session.ts';
import { adapterLine, dataLine, lengthLines, modelTable } from './training_report.ts';

type Dropped = Cleaned['dropped'];

export interface PreparedRun {
  session: Session;
  interrupts: Interrupts;
  plan: Plan;
  adapter: AdapterFacts;
  layers: LayerSummary[];
  classNames: readonly string[];
  /** What --save writes beside what came of it. */
  toSave: () => Promise<RunToSave>;
  /** What --json writes as `config`. */
  config: Record<string, unknown>;
}

/**
 * What `train` and `profile` share: reads the data, starts Chrome, makes the trainer in its page, prints what is about
 * to run, does `work`, and closes everything whatever happens.
 */
export async function withRun<Result>(
  options: RunOptions,
  { tell, keep }: Pick<SessionOptions, 'keep'> & { tell?: (events: RunEvent[]) => void },
  work: (run: PreparedRun) => Promise<Result>,
): Promise<Result> {
  const optimizer = optimizerOf(options);
  const { datasets: whole, dropped, reading } = await readCleaned(options);
  let datasets = whole;
  checkSamples(options, datasets);
  const model = modelOf(options, datasets.train);
  let session: Session | undefined;
  const interrupts = new Interrupts(async () => session?.close());
  try {
    const { adapter: kind, chrome, yes, browserTimeout } = options;
    const report = console.error;
    session = await Session.open({
      adapter: kind,
      chrome,
      yes,
      browserTimeout,
      datasets: () => datasets,
      tell,
      keep,
      report,
    });
    const { adapter } = session;
    const plan = planRun(options, datasets, adapter.software, datasets.train.imageShape);
    datasets = {
      train: takeFirst(datasets.train, plan.trainSamples),
      // Without validation there is nothing to take.
      test: plan.testSamples > 0 ? takeFirst(datasets.test, plan.testSamples) : datasets.test,
    };
    const trainer = trainerOptionsOf(options, model, optimizer);
    console.log(`chrome   ${session.version}`);
    console.log(adapterLine(adapter));
    for (const line of readingLines(reading)) console.log(line);
    if (dropped) for (const line of cleanedLines(dropped, whole)) console.log(line);
    const { imageShape, classNames } = datasets.train;
    const { trainSamples, testSamples } = plan;
    console.log(
      dataLine(options.dataset, { train: trainSamples, test: testSamples, imageShape, classes: classNames.length }),
    );
    for (const line of lengthLines(plan, modelSummary(model), options.batchSize)) console.log(line);
    const layers = await session.call('prepare', trainer);
    console.log(modelTable(layers));
    const { cut: _, lengthened: __, ...samples } = plan;
    const { dataset, clean, validationSplit, imageSize } = options;
    const config = {
      dataset,
      clean,
      ...(validationSplit !== undefined && { validationSplit }),
      ...(imageSize !== undefined && { imageSize }),
      ...samples,
      ...trainer,
    };
    const toSave = async (): Promise<RunToSave> =>
      runToSave(
        { ...trainer, dataset: nameForPage(dataset), clean, epochs: plan.epochs, ...counts(datasets) },
        datasets.train,
        await fingerprint(datasets),
      );
    return await work({ session, interrupts, plan, adapter, layers, classNames, toSave, config });
  } finally {
    interrupts.dispose();
    await session?.close();
  }
}

/** Images of a folder are, for the page, the user's own. */
const nameForPage = (dataset: string): string => (isDatasetName(dataset) ? dataset : 'own');

const counts = ({ train, test }: TrainAndTest) => ({ trainSamples: train.count, testSamples: test.count });

/** The data set, without what `--clean` names, and how the files of a folder were read. */
export async function readCleaned(
  options: Pick<
    RunOptions,
    'dataset' | 'clean' | 'validationSplit' | 'imageSize' | 'chrome' | 'browserTimeout' | 'yes'
  >,
): Promise<{ datasets: TrainAndTest; dropped?: Dropped; reading: string[] }> {
  const { dataset, clean, validationSplit, imageSize, chrome, browserTimeout, yes } = options;
  const folder = { validationSplit, imageSize, chrome, browserTimeout, yes };
  const { parts, reading } = await readParts(dataset, folder);
  if (clean.length === 0) return { datasets: createDatasets(parts), reading };
  const cleaning = Object.fromEntries(clean.map((finding) => [finding, true]));
  const { dropped, ...datasets } = cleanDatasets(parts, cleaning);
  return { datasets, dropped, reading };
}

/** One line for each thing that was decided about the files of a folder. */
export const readingLines = (reading: readonly string[]): string[] => reading.map((line) => `read     ${line}`);

/** Before any image is left out by --train-samples and --test-samples. */
export function cleanedLines(dropped: Dropped, { train, test }: TrainAndTest): string[] {
  const emptied = train.classNames.filter((_, label) => !train.labels.includes(label));
  return [
    `cleaned  dropped ${droppedWords(dropped)}; ${count(train.count)} training and ${counted(test.count, 'test image')} stay`,
    ...(emptied.length > 0 ? [`warning  no training image is of class ${emptied.join(', ')}`] : []),
  ];
}
