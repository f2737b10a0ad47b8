import { ConfigurationError, DataError } from '../../errors.ts';
import { parseRun, type SavedRun } from '../../formats/run_file.ts';
import { describeAdapter } from '../../gpu/adapter.ts';
import type { ReadImages } from '../sweep/datasets.ts';
import { kindOf, type TrialChrome } from '../sweep/trial_chrome.ts';
import { failedResult, type TaskHooks, type TaskOutcome, type TaskTrainer } from './tasks.ts';
import { checkTrialTask } from './trial_task.ts';
import type { Task, Work } from './work.ts';

/** Trains the trials of sweeps in a Chrome. */
export class TrialTrainer implements TaskTrainer {
  readonly kind: string;
  readonly adapter: string;
  private isOpen = true;

  /** @param chrome must be open. */
  constructor(
    private readonly chrome: TrialChrome,
    private readonly read: ReadImages,
  ) {
    this.kind = kindOf(chrome.adapter);
    this.adapter = describeAdapter(chrome.adapter);
  }

  async train(_: Work, task: Task, hooks: TaskHooks): Promise<TaskOutcome> {
    let checked: Awaited<ReturnType<typeof checkTrialTask>>;
    try {
      checked = await checkTrialTask(task, this.read);
    } catch (error) {
      if (!(error instanceof ConfigurationError || error instanceof DataError)) throw error;
      return { result: failedResult(task, this, error.message) };
    }
    const { order, checked: trial } = checked;
    const from = hooks.from && readState(hooks.from);
    try {
      if (!this.isOpen) await this.chrome.open(this.chrome.adapter.software ? 'software' : 'hardware');
      this.isOpen = true;
      return await this.chrome.run({
        ...{ trial: { id: task.id }, checked: trial, metric: order.metric },
        ...(task.until !== undefined && { until: task.until }),
        ...(from && { from }),
        before: { seconds: order.seconds },
        ...{ keep: hooks.keep, progress: hooks.progress, log: hooks.log },
      });
    } catch (error) {
      this.isOpen = false;
      await this.chrome.close().catch(() => undefined);
      throw error;
    }
  }

  stop(): void {
    this.chrome.stop();
  }

  close(): Promise<void> {
    return this.chrome.close();
  }
}

/** A damaged state is treated as missing, so that the trial starts again. */
function readState(bytes: Uint8Array): SavedRun | undefined {
  try {
    return parseRun(bytes, 'the state in the queue');
  } catch {
    return undefined;
  }
}
