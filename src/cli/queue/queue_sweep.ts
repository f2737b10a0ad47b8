import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { counted } from '../../figures.ts';
import { hashOf } from '../hash_of.ts';
import { Interrupts } from '../interrupts.ts';
import { version } from '../package_facts.ts';
import { trialImages } from '../sweep/datasets.ts';
import { conclude, folderOf, headOf, readPlan, requireOneDone, type SweepOptions, sweepLine } from '../sweep/sweep.ts';
import { SweepFolder } from '../sweep/sweep_folder.ts';
import { checkSweep } from '../sweep/trials.ts';
import { beginWork, Coordinator } from './coordinator.ts';
import { datasetBelow } from './dataset_below.ts';
import { OwnPart } from './own_part.ts';
import { nameOf } from './plan_name.ts';
import { queueAddress } from './queue_address.ts';
import { QueueStore } from './queue_store.ts';
import { requireNoCode } from './shared_order.ts';
import { SweepSource } from './sweep_source.ts';
import { requireNoFiles } from './trial_task.ts';
import { anyKind, type Work } from './work.ts';
import { hostOf, openTrainers, statesOf } from './worker.ts';
import type { WorkingOptions } from './working_options.ts';

export interface QueueSweepOptions extends SweepOptions, WorkingOptions {
  /** How often a trial is started before it counts as failed. */
  attempts: number;
  /** Seconds without a sign of a worker after which another one takes over. */
  takeover: number;
  /** The kind of adapter that may train the trials. */
  kind?: string;
}

/** `wgrad sweep <plan> --queue` */
export async function queueSweep(planFile: string, options: QueueSweepOptions): Promise<void> {
  const { attempts, takeover, kind = anyKind, resume = false, jobs, queueTimeout } = options;
  const plan = readPlan(planFile);
  const store = await QueueStore.open(queueAddress(options.queue));
  const part = new OwnPart();
  const interrupts = new Interrupts(part.quit);
  try {
    const checked = await checkSweep(
      plan,
      trialImages(options, (dataset) => datasetBelow(options.data, dataset)),
    );
    for (const { options } of checked.trials) {
      requireNoFiles(options);
      requireNoCode(options);
    }
    const head = headOf(plan, checked);
    const work: Work = {
      ...{ format: 1, type: 'sweep', name: nameOf(planFile), version, kind, total: checked.trials.length },
      ...{ id: hashOf([head.plan, version, kind, checked.trials, head.data]), attempts, takeover },
      ...{ begun: Date.now(), state: 'open' },
    };
    const path = options.folder ?? folderOf(planFile);
    const folder = SweepFolder.begin(path, head, resume && existsSync(join(path, 'sweep.json')));
    const source = new SweepSource(work, checked, folder);
    const print = source.printLine;
    // From here on, other machines train this sweep.
    interrupts.stop = () => {
      source.stop();
      console.log(
        'Stopping here after this step; workers continue. Repeat the command with --resume to collect their results.',
      );
      part.stop();
    };
    await beginWork(store, work, head, resume);
    const coordinator = new Coordinator(store, work, head, source, {
      ...{ queueLimit: 60_000 * queueTimeout, states: statesOf(store, options), print },
    });
    console.log(sweepLine(plan, checked));
    console.log(`queue    ${store.address.shown}; results are kept there and in ${folder.path}`);
    try {
      await part.run(coordinator, async (chromes) => {
        const trainers = jobs === 0 ? [] : await openTrainers(options, chromes);
        console.log(
          trainers.length > 0
            ? `jobs     ${counted(trainers.length, 'Chrome')} here, and those of every wgrad worker --queue`
            : 'jobs     none here: each wgrad worker --queue takes trials',
        );
        const name = `${hostname()}-${process.pid}-sweep`;
        const how = { name, report: () => undefined, warn: print, only: work.id };
        return trainers.length > 0 ? hostOf(store, trainers, options, how) : undefined;
      });
    } finally {
      source.stop();
      conclude(folder, options);
    }
    requireOneDone(folder.file);
  } finally {
    interrupts.dispose();
    await store.close();
  }
}
