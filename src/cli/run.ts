import { type TrainAndTest, takeFirst } from '../data/index.ts';
import { count } from '../figures.ts';
import type { AdapterFacts, LayerSummary, TrainerOptions } from '../index.ts';
import type { Told } from '../train/news.ts';
import { type Plan, planRun } from '../train/run_length.ts';
import { readDatasets } from './datasets.ts';
import { Interrupts } from './interrupts.ts';
import { augmentationOf, checkSamples, modelOf, optimizerOf, type RunOptions } from './run_options.ts';
import { Session } from './session.ts';
import { adapterLine, cutLine, modelTable } from './training_report.ts';

export interface PreparedRun {
  session: Session;
  interrupts: Interrupts;
  plan: Plan;
  adapter: AdapterFacts;
  layers: LayerSummary[];
  /** What --json writes as `config`. */
  config: Record<string, unknown>;
}

/**
 * What `train` and `profile` share: reads the data, starts Chrome, makes the trainer in its page, prints what is about
 * to run, does `work`, and closes everything whatever happens.
 */
export async function withRun<Result>(
  options: RunOptions,
  tell: ((news: Told[]) => void) | undefined,
  work: (run: PreparedRun) => Promise<Result>,
): Promise<Result> {
  const optimizer = optimizerOf(options);
  let datasets = await readDatasets(options.dataset, console.error);
  checkSamples(options, datasets);
  const model = modelOf(options, datasets.train);
  let session: Session | undefined;
  const interrupts = new Interrupts(async () => session?.close());
  try {
    const { adapter: kind, chrome } = options;
    session = await Session.open({ adapter: kind, chrome, datasets: () => datasets, tell, report: console.error });
    const { adapter } = session;
    const plan = planRun(options, datasets, adapter.software);
    datasets = {
      train: takeFirst(datasets.train, plan.trainSamples),
      test: takeFirst(datasets.test, plan.testSamples),
    };
    const trainer: TrainerOptions = {
      model,
      optimizer,
      augmentation: augmentationOf(options),
      mix: options.mix,
      ...(options.copies !== undefined && { copies: options.copies }),
      batchSize: options.batchSize,
      loss: 'sparseCategoricalCrossentropy',
      seed: options.seed,
    };
    console.log(`chrome   ${session.version}`);
    console.log(adapterLine(adapter));
    console.log(dataLine(options.dataset, datasets));
    if (plan.cut) console.log(cutLine(plan));
    const layers = await session.call('prepare', trainer);
    console.log(modelTable(layers));
    const { cut: _, ...samples } = plan;
    const config = { dataset: options.dataset, ...samples, ...trainer };
    return await work({ session, interrupts, plan, adapter, layers, config });
  } finally {
    interrupts.dispose();
    await session?.close();
  }
}

function dataLine(name: string, { train, test }: TrainAndTest): string {
  return (
    `data     ${name}: ${count(train.count)} training and ${count(test.count)} test images ` +
    `of ${train.imageShape.join(' x ')}, ${train.classNames.length} classes`
  );
}
