import { parseRun, type SavedRun } from '../../formats/run_file.ts';
import type { ReadImages } from '../sweep/datasets.ts';
import type { TrialChrome } from '../sweep/trial_chrome.ts';
import type { TaskHooks, TaskOutcome } from './tasks.ts';
import { checkTrialTask } from './trial_task.ts';
import type { Task } from './work.ts';

/** Trains a trial of a sweep. */
export async function trainTrialTask(
  chrome: TrialChrome,
  task: Task,
  read: ReadImages,
  { from, ...hooks }: TaskHooks,
): Promise<TaskOutcome> {
  const { order, checked } = await checkTrialTask(task, read);
  const state = from && stateIn(from);
  return chrome.run({
    ...{ trial: { id: task.id }, checked, metric: order.metric, before: { seconds: order.seconds } },
    ...(task.until !== undefined && { until: task.until }),
    ...(state && { from: state }),
    ...hooks,
  });
}

/** A damaged state is ignored, so that the trial starts again. */
function stateIn(bytes: Uint8Array): SavedRun | undefined {
  try {
    return parseRun(bytes, 'the state in the queue');
  } catch {
    return undefined;
  }
}
