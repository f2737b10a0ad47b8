import { writeFileSync } from 'node:fs';
import type { Startup } from '../index.ts';
import { TrainingLog } from '../train/training_log.ts';
import { Progress } from './progress.ts';
import { type PreparedRun, withRun } from './run.ts';
import type { RunOptions } from './run_options.ts';
import { epochLine, finalTables, startupLine } from './training_report.ts';

/** `wgrad train` */
export async function train(options: RunOptions): Promise<void> {
  const log = new TrainingLog();
  let progress: Progress | undefined;
  let epochs = 0;
  await withRun(
    options,
    (news) => {
      for (const item of news) {
        log.add(item);
        if ('step' in item) continue;
        progress?.stop();
        console.log(epochLine(item.epoch, epochs));
        if (item.epoch.epoch < epochs) progress?.start();
      }
      progress?.update(log);
    },
    async (run) => {
      const { session, interrupts, plan } = run;
      epochs = plan.epochs;
      progress = new Progress(epochs, Math.ceil(plan.trainSamples / options.batchSize));
      progress.start();
      interrupts.stop = () => {
        progress?.stop();
        console.log('Stopping after this step. Ctrl-C again quits at once.');
        session.stop();
      };
      let startup: Startup | undefined;
      try {
        const fitted = await session.call('fit', epochs);
        startup = fitted.startup;
        progress.stop();
        console.log(startupLine(fitted));
        if (fitted.skippedSteps) console.log(`skipped  ${fitted.skippedSteps} steps with numbers that are not finite`);
        if (fitted.stopped) console.log(`stopped  by Ctrl-C after ${log.steps.length} steps`);
      } finally {
        progress.stop();
        console.log(finalTables(log));
        if (options.json) writeJson(options.json, run, log, startup);
      }
    },
  );
}

function writeJson(path: string, { config, adapter, layers }: PreparedRun, log: TrainingLog, startup?: Startup): void {
  const { vendor, architecture, description, software } = adapter;
  const steps = log.steps.map(({ step, epoch, loss, accuracy, gradientNorms }) => ({
    step,
    epoch,
    loss,
    accuracy,
    gradientNorms,
  }));
  const run = {
    config,
    adapter: { vendor, architecture, description, software },
    layers,
    startup,
    epochs: log.epochs,
    steps,
  };
  writeFileSync(path, `${JSON.stringify(run)}\n`);
  console.log(`written  ${path}`);
}
