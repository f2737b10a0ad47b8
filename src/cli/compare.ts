import { existsSync } from 'node:fs';
import { requireTwins, type TwinOptions } from '../compare/twin_options.ts';
import type { PairState } from '../compare/twins.ts';
import { type Dataset, fingerprint, takeFirst } from '../data/index.ts';
import { ConfigurationError, WgradError } from '../errors.ts';
import { clock, count, counted } from '../figures.ts';
import { compareCommand } from '../formats/shell_command.ts';
import { unpackNumbers } from '../json_numbers.ts';
import { stepSamples } from '../plan/settings.ts';
import { type ComparisonFile, concluded } from '../report/comparison_file.ts';
import { comparisonReport } from '../report/report.ts';
import { comparisonFileOf } from '../session/compared_runs.ts';
import type { Plan } from '../train/run_length.ts';
import { type CompareOptions, labelOf, twinsOf } from './compare_options.ts';
import { finishedPairs, readComparison, writeComparison } from './comparison_file.ts';
import { comparisonCutLine, planComparison } from './comparison_length.ts';
import { comparisonTables, pairLine, wrapped } from './comparison_report.ts';
import type { TwinEvent } from './headless/protocol.ts';
import { hostOfResumed } from './hosts/choose_host.ts';
import { hostLine, hostOfVersion } from './hosts/host_names.ts';
import { Interrupts } from './interrupts.ts';
import { lengthWarnings } from './length_lines.ts';
import { throughLosses } from './losses.ts';
import { version } from './package_facts.ts';
import { PairProgress } from './pair_progress.ts';
import { cleanedLines, readCleaned, readingLines } from './run.ts';
import { servedPair } from './served_runs.ts';
import { Session } from './session.ts';
import { checkSamples } from './trainer_settings.ts';
import { adapterLine, dataLine, lengthLines, mirroringLines, modelTable } from './training_report.ts';
import { writeWhole, writeWholeSomewhere } from './whole_file.ts';

/**
 * `wgrad compare`
 *
 * @param typed the arguments after `compare`, which the report shows.
 */
export async function compare(options: CompareOptions, typed: readonly string[]): Promise<void> {
  const { resume, dataset, clean, seeds: pairs, seed: firstSeed } = options;
  const json = options.json ?? resume;
  const before = resume === undefined ? undefined : readComparison('--resume', resume);
  if (options.json !== undefined && options.json !== resume) requireUnused(options.json);
  const host = before ? hostOfResumed(options, hostOfVersion(before.versions.chrome), console.error) : options.host;
  const { datasets: whole, dropped, reading } = await readCleaned(options);
  let datasets = whole;
  checkSamples(options, datasets);
  const twins = twinsOf(options, datasets.train);
  requireTwins(twins, datasets);

  let session: Session | undefined;
  let progress: PairProgress | undefined;
  /** The state of the running pair after its last epoch, from which another Chrome continues. */
  let state: PairState | undefined;
  /** The last step that the twins of this pair have reached. */
  let furthest = 0;
  const interrupts = new Interrupts(async () => session?.close());
  try {
    const open = (adapter: CompareOptions['adapter']) =>
      Session.open({
        adapter,
        ...(host && { host }),
        chrome: options.chrome,
        browserTimeout: options.browserTimeout,
        yes: options.yes,
        datasets: () => datasets,
        tell: (events: TwinEvent[]) => {
          progress?.update(events);
          for (const { step } of events) furthest = Math.max(furthest, step);
        },
        keepPair: (newest: PairState) => {
          state = newest;
        },
        files: servedPair(() => state!),
        report: console.error,
      });
    session = await open(options.adapter);
    const { adapter } = session;
    const plan = planComparison(options, datasets, adapter.software);
    const { epochs, trainSamples, testSamples } = plan;
    datasets = { train: takeFirst(whole.train, trainSamples), test: takeFirst(whole.test, testSamples) };
    console.log(hostLine(session.host, session.version));
    console.log(adapterLine(adapter));
    for (const line of readingLines(reading)) console.log(line);
    if (dropped) for (const line of cleanedLines(dropped, whole)) console.log(line);
    const { imageShape, classNames, targetNames } = datasets.train;
    const facts = { train: trainSamples, test: testSamples, imageShape, classNames, targetNames };
    console.log(dataLine(dataset, facts));
    const layers = await session.call('prepareTwins', twins);
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
      { command: compareCommand(typed), versions: { wgrad: version, chrome: session.version }, adapter },
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
      console.log('Stopping after this step; pairs that are done are kept. Ctrl-C again quits at once.');
      session?.stop();
    };
    progress = new PairProgress(missing.length, epochs);
    try {
      for (const [place, seed] of missing.entries()) {
        if (stopped) break;
        progress.start(place);
        const begun = performance.now();
        furthest = 0;
        state = undefined;
        const train = () => session!.call('trainPair', { seed, epochs, continues: state !== undefined });
        const packed = await throughLosses(train, {
          restart: async () => {
            await session?.close();
            session = await open(adapter.software ? 'software' : 'hardware');
            await session.call('prepareTwins', twins);
            progress?.start(place);
          },
          progress: () => furthest,
          isStopping: () => stopped,
          // A pair is deterministic: restarted from its beginning or its state, it reaches the same bits.
          lost: ({ parts }) => {
            progress?.stop();
            console.log(
              `lost     ${parts.what}: Chrome is started again, and pair ${file.pairs.length + 1}/${pairs} ${state ? `continues after epoch ${state.epoch}` : 'begins again'}`,
            );
          },
        });
        progress.stop();
        if (!packed) break;
        const pair = unpackNumbers(packed);
        file.pairs = [...file.pairs, pair].sort((x, y) => x.seed - y.seed);
        if (json) writeComparison(json, file);
        const left = place + 1 < missing.length ? `  |  ${clock(progress.left(place + 1))} left` : '';
        console.log(`${pairLine(pair, file.pairs.length, pairs, (performance.now() - begun) / 1000)}${left}`);
      }
    } catch (error) {
      throw json ? withResume(error, json, file.pairs.length) : error;
    } finally {
      progress.stop();
      if (stopped) console.log(`stopped  by Ctrl-C after ${file.pairs.length} of ${counted(pairs, 'pair')}`);
      conclude(file, options, json);
    }
  } finally {
    interrupts.dispose();
    await session?.close();
  }
}

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
  const resume = `${kept}: to continue, repeat the command with --resume ${json} in place of --json`;
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
    writeComparison(json, whole, writeWholeSomewhere);
    console.log(`written  ${json}`);
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
    what: '--json names a file with pairs of another comparison, which would be lost',
    found: `${path}: ${counted(pairs, 'pair')}`,
    fix: '--resume continues it; or name another file, or remove this one',
  });
}
