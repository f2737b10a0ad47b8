import type { CureRun } from '../compare/cure_run.ts';
import { untreated } from '../compare/cures.ts';
import { givenReadingOptions } from '../data/reading_options.ts';
import { clock, count, counted, figure } from '../figures.ts';
import { compareCommand } from '../formats/shell_command.ts';
import { intervalsText } from '../report/comparison_text.ts';
import { curesCsv, cureTables } from '../report/cure_tables.ts';
import type { CuresFile } from '../report/cures_file.ts';
import { curesReport } from '../report/cures_report.ts';
import { type CompareOptions, keptIn } from './compare_options.ts';
import { wrapped } from './comparison_report.ts';
import { CureChrome, type CureOrder } from './cure_chrome.ts';
import { type CureExperiment, cureExperiments, readCures } from './cure_experiments.ts';
import { finishedRuns, writeCures } from './cures_file.ts';
import { hostLine } from './hosts/host_names.ts';
import { Interrupts } from './interrupts.ts';
import { version } from './package_facts.ts';
import type { CureTask } from './queue/cure_trainer.ts';
import { gather } from './queue/gather.ts';
import { OwnPart } from './queue/own_part.ts';
import { nameOf } from './queue/plan_name.ts';
import { queueAddress } from './queue/queue_address.ts';
import { QueueStore } from './queue/queue_store.ts';
import { kindOf } from './sweep/trial_chrome.ts';
import { table } from './tables.ts';
import { adapterLine, dataLine } from './training_report.ts';
import { reportWritten, writeWhole, writeWholeSomewhere } from './whole_file.ts';

/**
 * `wgrad compare --cures`: trains each network of a list without a cure and with each cure alone, from the same seeds. The
 * untreated run of a seed is shared by all cures, so it is trained once.
 *
 * @param isTyped whether an option was given: the networks' own values take precedence over the defaults of --dataset and
 *   --batch-size.
 */
export async function testCures(
  options: CompareOptions,
  typed: readonly string[],
  isTyped: (name: string) => boolean,
): Promise<void> {
  const list = readCures(options);
  const store = options.queue === undefined ? undefined : await QueueStore.open(queueAddress(options.queue));
  try {
    await testWith(options, typed, await cureExperiments(list, options, isTyped), store);
  } finally {
    await store?.close();
  }
}

async function testWith(
  options: CompareOptions,
  typed: readonly string[],
  { config, leftOut, experiments }: Awaited<ReturnType<typeof cureExperiments>>,
  store: QueueStore | undefined,
): Promise<void> {
  const { seeds: pairs, seed: firstSeed } = options;
  const json = keptIn(options);
  let stopped = false;
  const chrome = new CureChrome(options);
  const interrupts = new Interrupts(() => chrome.close());
  try {
    await chrome.open();
    const { adapter } = chrome;
    console.log(hostLine(chrome.host, chrome.version));
    console.log(adapterLine(adapter));
    const file: CuresFile = {
      ...({ kind: 'wgrad cures', format: 1, command: compareCommand(typed) } as const),
      versions: { wgrad: version, chrome: chrome.version },
      ...{ adapter, config, leftOut, seeds: Array.from({ length: pairs }, (_, i) => firstSeed + i) },
      ...{ seconds: 0, runs: [] },
    };
    const before = json === undefined ? undefined : finishedRuns(json, file);
    Object.assign(file, before);
    printList(file, experiments);
    const all = file.seeds.flatMap((seed) => experiments.map((experiment) => ({ seed, experiment })));
    const isDone = ({ seed, experiment }: (typeof all)[number]) =>
      file.runs.some(
        (run) => run.seed === seed && run.network === experiment.network.name && run.cure === experiment.cure,
      );
    const missing = all.filter((each) => !isDone(each));
    if (before) console.log(`resumed  ${json}: ${count(file.runs.length)} of ${counted(all.length, 'run')} done`);
    if (json) writeCures(json, file);
    interrupts.stop = () => {
      stopped = true;
      console.log('Stopping after this step; finished runs are kept. Press Ctrl-C again to quit immediately.');
      chrome.stop();
    };
    const placeIn = ({ seed, network, cure }: CureRun) =>
      all.findIndex(
        ({ seed: each, experiment }) =>
          each === seed && experiment.network.name === network && experiment.cure === cure,
      );
    let begun = performance.now();
    const take = (run: CureRun, seconds: number) => {
      // With a queue, runs arrive in any order.
      file.runs = [...file.runs, run].sort((x, y) => placeIn(x) - placeIn(y));
      file.seconds = Number((file.seconds + seconds).toFixed(1));
      if (json) writeCures(json, file);
      const done = missing.length - (all.length - file.runs.length);
      const left = ((performance.now() - begun) / 1000 / done) * (missing.length - done);
      console.log(runLine(run, file.runs.length, all.length, seconds, left));
    };
    try {
      if (store) {
        const part = new OwnPart();
        interrupts.quit = part.quit;
        interrupts.stop = () => {
          stopped = true;
          console.log('Stopping here after this step; workers continue. Repeat the command to collect their runs.');
          part.stop();
        };
        await chrome.close();
        begun = performance.now();
        const order = ({ seed, experiment }: (typeof all)[number]) => taskOf(experiment, seed, options);
        await gather<CureRun>({
          ...{ store, type: 'cures', name: nameOf(json ?? 'cures'), kind: kindOf(adapter), options, take, part },
          ...{ orders: all.map(order), missing: missing.map(order) },
        });
        return;
      }
      for (const { seed, experiment } of missing) {
        const began = performance.now();
        const run = await chrome.train(orderOf(experiment, seed), ({ parts }) =>
          console.log(`lost     ${parts.what}: Chrome is restarted, and the run starts over`),
        );
        if (!run) break;
        take(run, (performance.now() - began) / 1000);
        if (stopped) break;
      }
    } finally {
      if (stopped) console.log(`stopped  by Ctrl-C after ${file.runs.length} of ${counted(all.length, 'run')}`);
      conclude(file, options);
    }
  } finally {
    interrupts.dispose();
    await chrome.close();
  }
}

const orderOf = ({ network, cure, options, datasets, chance }: CureExperiment, seed: number): CureOrder => ({
  ...{ network: network.name, cure, options, datasets, epochs: network.epochs, seed, chance },
});

const taskOf = ({ network, cure, options, chance }: CureExperiment, seed: number, asked: CompareOptions): CureTask => ({
  ...{ dataset: network.dataset, clean: asked.clean, reading: givenReadingOptions(asked) },
  ...{ trainSamples: network.trainSamples, testSamples: network.testSamples, epochs: network.epochs, seed },
  ...{ data: network.data, network: network.name, cure, options, chance: chance ?? null },
});

function printList({ config, leftOut, seeds }: CuresFile, experiments: readonly CureExperiment[]): void {
  for (const { name, words, dataset, trainSamples, testSamples, epochs } of config.networks) {
    const { imageShape, classNames } = experiments.find(({ network }) => network.name === name)!.datasets.train;
    console.log(`network  ${name}: ${words}; ${counted(epochs, 'epoch')}`);
    console.log(dataLine(dataset, { train: trainSamples, test: testSamples, imageShape, classNames }));
    for (const { network, cure, why } of leftOut) if (network === name) console.log(`left out ${cure}: ${why}`);
  }
  const runs = experiments.length * seeds.length;
  console.log(
    `runs     ${count(runs)}: ${counted(experiments.length, 'experiment')}, ${counted(seeds.length, 'seed')}`,
  );
}

function runLine(run: CureRun, place: number, runs: number, seconds: number, left: number): string {
  const shown = (value: number | null) => (value === null ? 'none' : figure(value));
  return [
    `run ${place}/${runs}  seed ${run.seed}  ${run.network}${run.cure === untreated ? '' : ` + ${run.cure}`}`,
    `relative gradient ${shown(run.early)}, ${shown(run.late)}`,
    run.leftChance === null ? 'never left chance level' : `left chance level after step ${run.leftChance}`,
    `validation accuracy ${shown(run.validationAccuracy)}`,
    ...(run.broke === undefined ? [] : [`ended early at step ${run.broke}`]),
    `${seconds.toFixed(1)} s`,
    `${clock(left)} left`,
  ].join('  |  ');
}

/** Prints and writes the results of the complete runs. */
function conclude(file: CuresFile, { json, csv, report }: CompareOptions): void {
  if (file.runs.length === 0) {
    console.log('No run was finished: there is nothing to compare.');
    return;
  }
  const seeds = new Set(file.runs.map(({ seed }) => seed)).size;
  for (const { network, means, differences, leftOut } of cureTables(file, (text) => `${text} *`)) {
    console.log(`\n${network.name}: ${network.words}`);
    console.log(table(means.head, means.rows));
    console.log(table(differences.head, differences.rows, 2));
    for (const line of leftOut) console.log(wrapped(line));
  }
  console.log(
    wrapped(
      `${intervalsText(seeds)} Relative gradients and times are geometric means and ratios. p of paired t-tests after Holm's ` +
        'correction for all cures and figures of a network; * where a figure differs from the untreated network beyond noise. ' +
        'A run that never leaves chance level counts as all its epochs.',
    ),
  );
  if (json) {
    writeCures(json, file, writeWholeSomewhere);
    reportWritten(json);
  }
  if (csv) {
    writeWhole(csv, curesCsv(file));
    console.log(`written  ${csv}`);
  }
  if (report) {
    writeWhole(report, curesReport(file));
    console.log(`written  ${report}`);
  }
}
