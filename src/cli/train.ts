import { counted } from '../figures.ts';
import type { RunEvent } from '../health/run_events.ts';
import { TrainingLog } from '../health/training_log.ts';
import type { Startup, Verdict } from '../index.ts';
import type { RunResult } from '../session/training_run.ts';
import type { Plan } from '../train/run_length.ts';
import { timedAfterSteps } from '../train/run_time.ts';
import { verdictLines } from './health_report.ts';
import { probeTables } from './probe_report.ts';
import { Progress } from './progress.ts';
import { type PreparedRun, withRun } from './run.ts';
import { RunFiles } from './run_files.ts';
import { writeRunJson } from './run_json.ts';
import { augmentationOf, type RunOptions } from './run_options.ts';
import { RunSaver, withRescue } from './run_saver.ts';
import { epochLine, finalTables, mirroringLines, startupLine, timeLine } from './training_report.ts';

export interface TrainCommandOptions extends RunOptions {
  csv?: string;
  logdir?: string;
  save?: string;
}

/** `wgrad train` */
export async function train(options: TrainCommandOptions): Promise<void> {
  const log = new TrainingLog();
  let progress: Progress | undefined;
  let files: RunFiles | undefined;
  let saver: RunSaver | undefined;
  let epochs = 0;
  /** Until its time has been told. */
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
      tell: (events) => {
        files?.add(events);
        for (const lines of linesOf(events, log, epochs)) print(lines);
        progress?.update(log);
        if (planned?.cut && log.steps.length >= timedAfterSteps && log.stepMs) {
          print([timeLine(planned, options.batchSize, log.stepMs)]);
          planned = undefined;
        }
        if (files?.failure) stop();
      },
      keep: (state) => saver?.keep(state),
    },
    async (run) => {
      const { session, interrupts, plan } = run;
      epochs = plan.epochs;
      planned = plan;
      const { classNames } = run;
      for (const line of mirroringLines(augmentationOf(options), classNames, '--augment handwriting'))
        console.log(line);
      files = new RunFiles(options);
      if (options.save) saver = new RunSaver(options.save, await run.toSave(), log);
      progress = new Progress(epochs, Math.ceil(plan.trainSamples / options.batchSize));
      progress.start();
      stop = () => session.stop();
      interrupts.stop = () => {
        progress?.stop();
        console.log('Stopping after this step. Ctrl-C again quits at once.');
        stop();
      };
      let startup: Startup | undefined;
      const writeJson = () => {
        if (options.json) writeRunJson(options.json, run, log, startup);
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
        const fitted = await fitAndSave(run, saver);
        startup = fitted.startup;
        progress.stop();
        console.log(startupLine(fitted));
        if (fitted.skippedSteps)
          console.log(`skipped  ${counted(fitted.skippedSteps, 'step')} with numbers that are not finite`);
        if (saver) {
          saver.finish();
          console.log(`written  ${options.save}`);
        }
        if (fitted.stopped && !files.failure)
          console.log(`stopped  by Ctrl-C after ${counted(log.steps.length, 'step')}`);
      } catch (error) {
        failures.push(error);
      }
      progress.stop();
      console.log(finalTables(log));
      const probes = probeTables(log.probes);
      if (probes) console.log(probes);
      for (const path of files.close()) console.log(`written  ${path}`);
      if (files.failure) failures.push(files.failure);
      try {
        writeJson();
        if (options.json) console.log(`written  ${options.json}`);
      } catch (error) {
        failures.push(error);
      }
      const [first, ...others] = failures;
      for (const error of others) console.error(`error: ${(error as Error).message}`);
      if (first !== undefined) throw first;
    },
  );
}

/** Trains, and takes the state at the end where it is to be saved; of a run that fails, saves the last state that there is. */
async function fitAndSave({ session, plan }: PreparedRun, saver: RunSaver | undefined): Promise<RunResult> {
  try {
    const fitted = await session.call('fit', plan.epochs, saver !== undefined);
    saver?.add(await session.call('snapshot'));
    return fitted;
  } catch (error) {
    throw saver ? withRescue(error, saver) : error;
  }
}

/** Takes the events into the log, and says what of them is to be printed, in order. */
function* linesOf(events: readonly RunEvent[], log: TrainingLog, epochs: number): Generator<string[]> {
  let changed: Verdict[] = [];
  const told = () => {
    const lines = verdictLines(changed, log.verdicts.slice(0, log.verdicts.length - changed.length));
    changed = [];
    return lines;
  };
  for (const item of events) {
    log.add(item);
    if ('verdict' in item) changed.push(item.verdict);
    if (!('epoch' in item)) continue;
    yield told();
    yield [epochLine(item.epoch, epochs)];
  }
  yield told();
}
