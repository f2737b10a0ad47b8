import { type CureRun, figuresOf } from '../compare/cure_run.ts';
import { untreated } from '../compare/cures.ts';
import { TrainingError } from '../errors.ts';
import { clock, count, counted, figure } from '../figures.ts';
import { compareCommand } from '../formats/shell_command.ts';
import type { RunEvent } from '../health/run_events.ts';
import { TrainingLog } from '../health/training_log.ts';
import type { Evaluation } from '../index.ts';
import { unpackNumbers } from '../json_numbers.ts';
import { intervalsText } from '../report/comparison_text.ts';
import { curesCsv, cureTables } from '../report/cure_tables.ts';
import type { CuresFile } from '../report/cures_file.ts';
import { curesReport } from '../report/cures_report.ts';
import type { CompareOptions } from './compare_options.ts';
import { wrapped } from './comparison_report.ts';
import { type CureExperiment, cureExperiments, readCures } from './cure_experiments.ts';
import { finishedRuns, writeCures } from './cures_file.ts';
import { hostLine } from './hosts/host_names.ts';
import { Interrupts } from './interrupts.ts';
import { throughLosses } from './losses.ts';
import { version } from './package_facts.ts';
import { Session } from './session.ts';
import { table } from './tables.ts';
import { adapterLine, dataLine } from './training_report.ts';
import { writeWhole, writeWholeSomewhere } from './whole_file.ts';

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
  const { json, seeds: pairs, seed: firstSeed } = options;
  const { config, leftOut, experiments } = await cureExperiments(readCures(options), options, isTyped);
  let session: Session | undefined;
  let { datasets } = experiments[0]!;
  let log = new TrainingLog();
  let stopped = false;
  const interrupts = new Interrupts(async () => session?.close());
  try {
    const open = (adapter: CompareOptions['adapter']) =>
      Session.open({
        ...{
          adapter,
          host: options.host,
          chrome: options.chrome,
          browserTimeout: options.browserTimeout,
          yes: options.yes,
        },
        datasets: () => datasets,
        tell: (events: RunEvent[]) => {
          for (const event of events) log.add(event);
        },
        report: console.error,
      });
    session = await open(options.adapter);
    const { adapter } = session;
    console.log(hostLine(session.host, session.version));
    console.log(adapterLine(adapter));
    const file: CuresFile = {
      ...({ kind: 'wgrad cures', format: 1, command: compareCommand(typed) } as const),
      versions: { wgrad: version, chrome: session.version },
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
      console.log('Stopping after this step; runs that are done are kept. Ctrl-C again quits at once.');
      session?.stop();
    };
    const begun = performance.now();
    try {
      for (const [place, { seed, experiment }] of missing.entries()) {
        datasets = experiment.datasets;
        const began = performance.now();
        const run = await throughLosses(
          async () => {
            log = new TrainingLog();
            return await trainOnce(session!, experiment, seed, log, () => stopped);
          },
          {
            restart: async () => {
              await session?.close();
              session = await open(adapter.software ? 'software' : 'hardware');
            },
            progress: () => log.steps.length,
            isStopping: () => stopped,
            lost: ({ parts }) =>
              console.log(`lost     ${parts.what}: Chrome is started again, and the run begins again`),
          },
        );
        if (!run) break;
        const seconds = (performance.now() - began) / 1000;
        file.runs.push(run);
        file.seconds = Number((file.seconds + seconds).toFixed(1));
        if (json) writeCures(json, file);
        const left = ((performance.now() - begun) / 1000 / (place + 1)) * (missing.length - place - 1);
        console.log(runLine(run, file.runs.length, all.length, seconds, left));
        if (stopped) break;
      }
    } finally {
      if (stopped) console.log(`stopped  by Ctrl-C after ${file.runs.length} of ${counted(all.length, 'run')}`);
      conclude(file, options);
    }
  } finally {
    interrupts.dispose();
    await session?.close();
  }
}

/** @returns undefined for a run that was stopped: a partial run has no figures. */
async function trainOnce(
  session: Session,
  { network, cure, options, chance }: CureExperiment,
  seed: number,
  log: TrainingLog,
  isStopping: () => boolean,
): Promise<CureRun | undefined> {
  await session.call('prepare', { ...options, seed });
  if (isStopping()) return undefined;
  let broken: { loss?: number; accuracy?: number } | undefined;
  try {
    const { stopped } = await session.call('fit', { epochs: network.epochs });
    if (stopped) return undefined;
  } catch (error) {
    if (!(error instanceof TrainingError)) throw error;
    // A bad step is skipped, so the weights are those of the last good one.
    const { loss, accuracy }: Evaluation = unpackNumbers(await session.call('evaluate', { metrics: [] }));
    broken = { loss, ...(accuracy !== undefined && { accuracy }) };
  }
  return { network: network.name, cure, seed, ...figuresOf(log, chance, broken) };
}

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
    ...(run.broke === undefined ? [] : [`broke off at step ${run.broke}`]),
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
    console.log(`written  ${json}`);
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
