import { existsSync } from 'node:fs';
import { requireTwins, type TwinOptions } from '../compare/twin_options.ts';
import type { PairRecord } from '../compare/twin_record.ts';
import { type Dataset, fingerprint, takeFirst } from '../data/index.ts';
import { givenReadingOptions } from '../data/reading_options.ts';
import { ConfigurationError, WgradError } from '../errors.ts';
import { clock, count, counted } from '../figures.ts';
import { compareCommand } from '../formats/shell_command.ts';
import { unpackNumbers } from '../json_numbers.ts';
import { stepSamples } from '../plan/settings.ts';
import { type ComparisonFile, concluded } from '../report/comparison_file.ts';
import { comparisonReport } from '../report/report.ts';
import { comparisonFileOf } from '../session/compared_runs.ts';
import type { Plan } from '../train/run_length.ts';
import { type CompareOptions, keptIn, labelOf, twinsOf } from './compare_options.ts';
import { finishedPairs, readComparison, writeComparison } from './comparison_file.ts';
import { comparisonCutLine, planComparison } from './comparison_length.ts';
import { comparisonTables, pairLine, wrapped } from './comparison_report.ts';
import { hostOfResumed } from './hosts/choose_host.ts';
import { hostLine, hostOfVersion } from './hosts/host_names.ts';
import { Interrupts } from './interrupts.ts';
import { lengthWarnings } from './length_lines.ts';
import { version } from './package_facts.ts';
import { PairChrome } from './pair_chrome.ts';
import { PairProgress } from './pair_progress.ts';
import { placeOf } from './queue/dataset_below.ts';
import { gather } from './queue/gather.ts';
import { OwnPart } from './queue/own_part.ts';
import type { PairTask } from './queue/pair_trainer.ts';
import { nameOf } from './queue/plan_name.ts';
import { queueAddress } from './queue/queue_address.ts';
import { QueueStore } from './queue/queue_store.ts';
import { requireNoFiles } from './queue/trial_task.ts';
import { cleanedLines, readCleaned, readingLines } from './run.ts';
import { kindOf } from './sweep/trial_chrome.ts';
import { checkSamples } from './trainer_settings.ts';
import { adapterLine, dataLine, lengthLines, mirroringLines, modelTable } from './training_report.ts';
import { writeJson, writeWhole, writeWholeSomewhere } from './whole_file.ts';

/**
 * `wgrad compare`
 *
 * @param typed the arguments after `compare`, which the report shows.
 */
export async function compare(options: CompareOptions, typed: readonly string[]): Promise<void> {
  const { resume } = options;
  const json = keptIn(options) ?? resume;
  const before = resume === undefined ? undefined : readComparison('--resume', resume);
  if (json !== undefined && json !== resume) requireUnused(json);
  const host = before ? hostOfResumed(options, hostOfVersion(before.versions.chrome), console.error) : options.host;
  if (options.queue !== undefined) requireNoFiles({ sampleWeight: options.sampleWeight?.path ?? null });
  const store = options.queue === undefined ? undefined : await QueueStore.open(queueAddress(options.queue));
  try {
    await compareWith({ ...options, ...(host && { host }) }, typed, { json, before, store });
  } finally {
    await store?.close();
  }
}

async function compareWith(
  options: CompareOptions,
  typed: readonly string[],
  {
    json,
    before,
    store,
  }: { json: string | undefined; before: ComparisonFile | undefined; store: QueueStore | undefined },
): Promise<void> {
  const { resume, dataset, clean, seeds: pairs, seed: firstSeed } = options;
  const { datasets: whole, dropped, reading } = await readCleaned({ ...options, dataset: placeOf(options, dataset) });
  checkSamples(options, whole);
  const twins = twinsOf(options, whole.train);
  requireTwins(twins, whole);

  let progress: PairProgress | undefined;
  const chrome = new PairChrome(options);
  const interrupts = new Interrupts(() => chrome.close());
  try {
    await chrome.open();
    const { adapter } = chrome;
    const plan = planComparison(options, whole, adapter.software);
    const { epochs, trainSamples, testSamples } = plan;
    const datasets = { train: takeFirst(whole.train, trainSamples), test: takeFirst(whole.test, testSamples) };
    console.log(hostLine(chrome.host, chrome.version));
    console.log(adapterLine(adapter));
    for (const line of readingLines(reading)) console.log(line);
    if (dropped) for (const line of cleanedLines(dropped, whole)) console.log(line);
    const { imageShape, classNames, targetNames } = datasets.train;
    const facts = { train: trainSamples, test: testSamples, imageShape, classNames, targetNames };
    console.log(dataLine(dataset, facts));
    const layers = await chrome.prepare(twins, datasets);
    if (plan.cut) console.log(comparisonCutLine(plan, [layers.a, layers.b], stepSamples(options)));
    else for (const line of lengthLines(plan, layers.a, stepSamples(options))) console.log(line);
    console.log(modelTable(layers.a));
    if (options.vary === 'model') console.log(modelTable(layers.b));
    // If the twins differ in augmentation, each has its own option.
    const mirroring =
      options.vary === 'augmentation'
        ? [
            ...mirroringLines(twins.a.augmentation!, classNames, '--a handwriting'),
            ...mirroringLines(twins.b.augmentation!, classNames, '--b handwriting'),
          ]
        : mirroringLines(twins.a.augmentation!, classNames, '--augment handwriting');
    for (const line of mirroring) console.log(line);
    for (const line of warningsOf(twins, datasets.train, plan)) console.log(line);

    const seeds = Array.from({ length: pairs }, (_, i) => firstSeed + i);
    const file = comparisonFileOf(
      {
        vary: options.vary,
        run: { dataset, clean, trainSamples, testSamples, epochs },
        data: await fingerprint(datasets),
        a: twins.a,
        b: twins.b,
        fit: twins.fit,
        seeds,
      },
      [],
      { command: compareCommand(typed), versions: { wgrad: version, chrome: chrome.version }, adapter },
    );
    if (before) file.pairs = finishedPairs(resume!, before, file);
    const missing = seeds.filter((seed) => !file.pairs.some((pair) => pair.seed === seed));
    if (resume !== undefined) {
      console.log(`resumed  ${resume}: ${count(file.pairs.length)} of ${counted(pairs, 'pair')} done`);
    }
    console.log(`A        ${labelOf(options, options.a)}`);
    console.log(`B        ${labelOf(options, options.b)}`);
    if (json) writeComparison(json, file);

    let stopped = false;
    interrupts.stop = () => {
      stopped = true;
      progress?.stop();
      console.log('Stopping after this step; finished pairs are kept. Press Ctrl-C again to quit immediately.');
      chrome.stop();
    };
    const take = (pair: PairRecord, seconds: number, left = '') => {
      file.pairs = [...file.pairs, pair].sort((x, y) => x.seed - y.seed);
      if (json) writeComparison(json, file);
      console.log(`${pairLine(pair, file.pairs.length, pairs, seconds)}${left}`);
    };
    progress = new PairProgress(missing.length, epochs);
    try {
      if (store) {
        const part = new OwnPart();
        interrupts.quit = part.quit;
        interrupts.stop = () => {
          stopped = true;
          console.log(`Stopping here after this step; workers continue. ${howToGather(json)}`);
          part.stop();
        };
        await chrome.close();
        const { vary, data } = { vary: options.vary, data: file.config.data };
        const shared = {
          dataset,
          clean,
          reading: givenReadingOptions(options),
          trainSamples,
          testSamples,
          epochs,
          data,
        };
        const orderOf = (seed: number): PairTask => ({ ...shared, seed, ...twins });
        await gather<unknown>({
          ...{ store, type: 'comparison', name: nameOf(json ?? vary), kind: kindOf(adapter), options, part },
          orders: seeds.map(orderOf),
          missing: missing.map(orderOf),
          take: (pair, seconds) => take(unpackNumbers(pair) as PairRecord, seconds),
        });
        return;
      }
      for (const [place, seed] of missing.entries()) {
        if (stopped) break;
        progress.start(place);
        const begun = performance.now();
        const pair = await chrome.train(
          { seed, epochs },
          {
            tell: (events) => progress?.update(events),
            restarted: () => progress?.start(place),
            lost: ({ parts }, state) => {
              progress?.stop();
              console.log(
                `lost     ${parts.what}: Chrome is restarted, and pair ${file.pairs.length + 1}/${pairs} ${state ? `continues after epoch ${state.epoch}` : 'starts over'}`,
              );
            },
          },
        );
        progress.stop();
        if (!pair) break;
        const left = place + 1 < missing.length ? `  |  ${clock(progress.left(place + 1))} left` : '';
        take(pair, (performance.now() - begun) / 1000, left);
      }
    } catch (error) {
      throw json ? withResume(error, json, file.pairs.length) : error;
    } finally {
      progress.stop();
      if (stopped) console.log(`stopped  by Ctrl-C after ${file.pairs.length} of ${counted(pairs, 'pair')}`);
      conclude(file, options, options.json ?? json);
    }
  } finally {
    interrupts.dispose();
    await chrome.close();
  }
}

/** --json refuses a file that has pairs, so a comparison with a file is continued with another option. */
const howToGather = (json: string | undefined): string =>
  json === undefined
    ? 'Repeat the command to collect their pairs.'
    : `Repeat the command with --resume ${json} instead of --json to collect their pairs.`;

/** Warnings about the length of the runs; printed once if both twins have the same. */
function warningsOf({ a, b, fit }: TwinOptions, train: Dataset, plan: Plan): string[] {
  const [ofA, ofB] = [a, b].map((options) => lengthWarnings(options, train, plan, fit)) as [string[], string[]];
  if (ofA.join() === ofB.join()) return ofA;
  return [a, b].flatMap((options, i) => lengthWarnings(options, train, plan, fit, `${'AB'[i]}: `));
}

/** Adds to the error how to resume the comparison. */
function withResume(error: unknown, json: string, pairs: number): unknown {
  if (!(error instanceof WgradError)) return error;
  const kept = `${json} holds the ${pairs === 1 ? '1 pair that is' : `${count(pairs)} pairs that are`} done`;
  const resume = `${kept}: to continue, repeat the command with --resume ${json} instead of --json`;
  const { fix } = error.parts;
  return new WgradError({ ...error.parts, fix: fix ? `${fix}. ${resume}` : resume }, { cause: error });
}

/** Prints and writes the results of the pairs that are complete. */
function conclude(file: ComparisonFile, options: CompareOptions, json: string | undefined): void {
  if (file.pairs.length === 0) {
    console.log('No pair was finished: there is nothing to compare.');
    return;
  }
  const whole = concluded(file, options);
  const { comparison, paragraph } = whole;
  const ways = { a: labelOf(options, options.a), b: labelOf(options, options.b) };
  console.log(comparisonTables(comparison, ways, file.pairs.length));
  console.log(wrapped(paragraph));
  if (json) {
    writeJson(json, whole, writeWholeSomewhere);
  }
  if (options.report) {
    writeWhole(options.report, comparisonReport(whole, ways));
    console.log(`written  ${options.report}`);
  }
}

/** A comparison may have taken hours, so a new one does not overwrite its file. */
function requireUnused(path: string): void {
  if (!existsSync(path)) return;
  let pairs = 0;
  try {
    pairs = readComparison('--json', path)?.pairs.length ?? 0;
  } catch {
    return; // not a comparison: --json overwrites it, as in every command
  }
  if (pairs === 0) return;
  throw new ConfigurationError({
    what: 'The file of --json has pairs of another comparison, which would be overwritten',
    found: `${path}: ${counted(pairs, 'pair')}`,
    fix: 'continue that comparison with --resume, choose another file, or delete this one',
  });
}
