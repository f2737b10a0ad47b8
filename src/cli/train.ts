import { count, counted } from '../figures.ts';
import type { RunEvent } from '../health/run_events.ts';
import { TrainingLog } from '../health/training_log.ts';
import type { MetricConfig, Verdict } from '../index.ts';
import { tutorialBatchSize } from '../model/tutorial.ts';
import { stepSamples } from '../plan/settings.ts';
import { historyBefore, resumePoint } from '../session/resume_point.ts';
import type { Keep } from '../session/training_run.ts';
import { monitorOf } from '../train/monitor.ts';
import type { Plan } from '../train/run_length.ts';
import { timedAfterSteps } from '../train/run_time.ts';
import { CheckpointFolder, requireNoCheckpoints } from './checkpoint_folder.ts';
import { type CheckpointOptions, checkCheckpointOptions, keptByDefault } from './checkpoint_options.ts';
import { CheckpointWriter } from './checkpoint_writer.ts';
import { epochColumns } from './epoch_columns.ts';
import { type FitCommandOptions, fitSettingsOf } from './fit_options.ts';
import { bestOf, evaluateThrough, type Fitting, fitThrough } from './fit_through.ts';
import { FreshEvents } from './fresh_events.ts';
import { type FromOptions, readFrom } from './from_model.ts';
import { runVerdictLines, verdictLines } from './health_report.ts';
import { hostOfResumed } from './hosts/choose_host.ts';
import { imagesLines } from './images_lines.ts';
import { probeTables } from './probe_report.ts';
import { Progress } from './progress.ts';
import { optionsOfResumed, readResumed } from './resumed_run.ts';
import { type PreparedRun, withRun } from './run.ts';
import { RunFiles } from './run_files.ts';
import { type RunEnd, writeRunJson } from './run_json.ts';
import type { RunOptions } from './run_options.ts';
import { RunSaver, withRescue } from './run_saver.ts';
import { augmentationOf } from './trainer_settings.ts';
import {
  epochLine,
  finalTables,
  mirroringLines,
  skippedLines,
  startupLine,
  stoppedEarlyLine,
  testLine,
  timeLine,
} from './training_report.ts';
import { reportWritten } from './whole_file.ts';

export interface TrainCommandOptions extends RunOptions, CheckpointOptions, FitCommandOptions, FromOptions {
  metrics?: MetricConfig[];
  csv?: string;
  logdir?: string;
  save?: string;
  /** Train again with the first remedy of the verdict, if there is one. */
  applyRemedy?: boolean;
}

/** A run that has ended for any reason. */
export interface Trained {
  log: TrainingLog;
  /** The data and the options of the trainer. */
  config: PreparedRun['config'];
}

/**
 * `wgrad train`
 *
 * @param typed the names of the options that were given on the command line.
 * @param done called with the results of the run, before this returns or throws.
 */
export async function train(
  asked: TrainCommandOptions,
  typed: readonly string[],
  done: (trained: Trained) => void = () => {},
): Promise<void> {
  checkCheckpointOptions(asked);
  const begun = await readFrom(asked, typed);
  const given = begun?.options ?? asked;
  const resumed = given.resume === undefined ? undefined : readResumed(given.resume);
  const { fit, options } = fitSettingsOf(
    resumed
      ? {
          ...optionsOfResumed(given, resumed, typed),
          host: hostOfResumed(given, resumed.run.host?.name, console.error),
        }
      : given,
    resumed?.run.fit,
  );
  const { checkpoint = resumed?.folder } = options;
  if (checkpoint !== undefined && checkpoint !== resumed?.folder) requireNoCheckpoints(checkpoint);
  const folder = checkpoint === undefined ? undefined : new CheckpointFolder(checkpoint, options.keep ?? keptByDefault);
  const log = new TrainingLog();
  if (resumed) log.load(historyBefore(resumed.run.history, resumed.run.snapshot));
  const fresh = new FreshEvents(log);
  /** Images per step: those of the resumed run, if there is one. */
  const ofStep = stepSamples(resumed ? { batchSize: tutorialBatchSize, ...resumed.run.options } : options);
  let progress: Progress | undefined;
  let files: RunFiles | undefined;
  let saver: RunSaver | undefined;
  let writer: CheckpointWriter | undefined;
  let epochs = 0;
  let newest = resumed?.run.snapshot;
  /** Set until the estimated time has been printed. */
  let planned: Plan | undefined;
  let stop = () => {};
  const print = (lines: string[]) => {
    if (lines.length === 0) return;
    progress?.stop();
    for (const line of lines) console.log(line);
    if (log.epochs.length < epochs) progress?.start();
  };
  await withRun(
    options,
    {
      hasEpochs: true,
      fit,
      ...(folder && options.monitor !== undefined && { monitor: options.monitor }),
      ...(options.tta !== undefined && { tta: options.tta }),
      ...(resumed && { resumed: { ...resumed, typed } }),
      ...(begun && { from: begun.from }),
      ...(options.freeze && { freeze: options.freeze }),
      restored: () => newest && resumePoint(log, newest),
      tell: (received) => {
        const events = fresh.of(received);
        files?.add(events);
        for (const lines of linesOf(events, log, epochs)) print(lines);
        progress?.update(log);
        if (planned?.cut && log.steps.length >= timedAfterSteps && log.stepMs) {
          print([timeLine(planned, ofStep, log.stepMs)]);
          planned = undefined;
        }
        if (files?.failure) stop();
      },
      keep: (state, reason) => {
        newest = state;
        writer?.keep(state, reason);
        saver?.keep(state);
      },
    },
    async (run) => {
      const { interrupts, plan } = run;
      epochs = plan.epochs;
      planned = plan;
      const { classNames } = run;
      for (const line of mirroringLines(augmentationOf(options), classNames, '--augment handwriting'))
        console.log(line);
      for (const line of resumed?.lines ?? []) console.log(line);
      if (resumed) console.log(`resumed  ${resumed.path}: after step ${count(newest!.progress.step)}`);
      files = new RunFiles(options, newest?.progress.step, epochColumns(run.measured, run.measured.outputs));
      for (const line of files.notes) console.log(line);
      const toSave = options.save || folder ? await run.toSave() : undefined;
      if (options.save) saver = new RunSaver(options.save, toSave!, log);
      if (folder) writer = new CheckpointWriter(folder, toSave!, log, newest?.progress.step);
      const byDefault = run.measured.validation ? 'validationLoss' : 'loss';
      const monitor = folder && monitorOf({ monitor: options.monitor ?? byDefault }, run.measured, '--monitor');
      const keep: Keep = {
        ...(options.save && { epochs: true }),
        ...(folder && { every: options.checkpointEvery ?? { epochs: 1 } }),
        ...(monitor && { monitor, best: bestOf(log.epochs, monitor) }),
      };
      for (const line of run.warnings) console.log(line);
      progress = new Progress(epochs, Math.ceil(plan.trainSamples / ofStep));
      progress.start();
      let isStopping = false;
      stop = () => {
        isStopping = true;
        run.session.stop();
      };
      interrupts.stop = () => {
        progress?.stop();
        console.log('Stopping after this step. Press Ctrl-C again to quit immediately.');
        stop();
      };
      const ended: RunEnd = {};
      const writeJson = () => {
        if (options.json) writeRunJson(options.json, run, log, ended);
      };
      interrupts.save = () => {
        try {
          saver?.finish();
        } finally {
          writeJson();
        }
      };
      const failures: unknown[] = [];
      try {
        const fitting: Fitting = {
          keep: () => ({ ...keep, ...(monitor && { best: bestOf(log.epochs, monitor) }) }),
          fit,
          newest: () => newest,
          log,
          isStopping: () => isStopping,
          report: (line) => print([line]),
          saves: Boolean(saver || writer),
        };
        const { fitted, end } = await fitThrough(run, fitting);
        if (end) {
          saver?.add(end);
          writer?.finish(end);
        }
        ended.startup = fitted.startup;
        if (fitted.images) ended.images = fitted.images;
        if (fitted.stoppedEarly) ended.stoppedEarly = fitted.stoppedEarly;
        progress.stop();
        console.log(startupLine(fitted));
        if (fitted.images) for (const line of imagesLines(fitted.images)) console.log(line);
        for (const line of skippedLines(log.steps)) console.log(line);
        if (saver) {
          saver.finish();
          console.log(`written  ${options.save}`);
        }
        if (writer) console.log(`written  ${checkpoint}`);
        if (fitted.stoppedEarly) console.log(stoppedEarlyLine(fitted.stoppedEarly, epochs));
        if (plan.testSamples > 0 && (fit.validationSplit !== undefined || options.tta)) {
          const tta = options.tta ? { testTimeAugmentation: options.tta } : {};
          ended.test = await evaluateThrough(run, tta, fitting);
          console.log(testLine(ended.test, options.tta));
        }
        if (fitted.stopped && !files.failure)
          console.log(`stopped  by Ctrl-C after ${counted(log.steps.length, 'step')}`);
      } catch (error) {
        failures.push(saver ? withRescue(error, saver) : error);
        if (newest) writer?.keep(newest, { due: true });
      }
      progress.stop();
      console.log(finalTables(log, classNames));
      const probes = probeTables(log.probes);
      if (probes) console.log(probes);
      for (const path of files.close()) console.log(`written  ${path}`);
      if (files.failure) failures.push(files.failure);
      try {
        writeJson();
        if (options.json) reportWritten(options.json);
      } catch (error) {
        failures.push(error);
      }
      done({ log, config: run.config });
      const [first, ...others] = failures;
      for (const error of others) console.error(`error: ${(error as Error).message}`);
      if (first !== undefined) throw first;
    },
  );
}

/** Adds the events to the log, and yields the lines to print, in order. */
export function* linesOf(events: readonly RunEvent[], log: TrainingLog, epochs: number): Generator<string[]> {
  let changed: Verdict[] = [];
  const verdicts = () => {
    const lines = verdictLines(changed, log.verdicts.slice(0, log.verdicts.length - changed.length));
    changed = [];
    return lines;
  };
  for (const item of events) {
    log.add(item);
    if ('verdict' in item) changed.push(item.verdict);
    if ('runVerdict' in item) {
      yield verdicts();
      yield runVerdictLines(item.runVerdict);
    }
    if (!('epoch' in item)) continue;
    yield verdicts();
    yield [epochLine(item.epoch, epochs)];
  }
  yield verdicts();
}
