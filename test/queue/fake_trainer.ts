import { setTimeout as delay } from 'node:timers/promises';
import { failedResult, type TaskHooks, type TaskOutcome, type TaskTrainer } from '../../src/cli/queue/tasks.ts';
import type { Task, Work } from '../../src/cli/queue/work.ts';

/** Takes a while, and returns a result that depends only on the task. */
export class FakeTrainer implements TaskTrainer {
  readonly kind: string = 'fake';
  readonly adapter = 'no adapter';
  readonly trained: string[] = [];
  protected stopping = false;

  constructor(private readonly milliseconds: (task: Task) => number = () => 0) {}

  async train(_: Work, task: Task, __: TaskHooks): Promise<TaskOutcome> {
    this.trained.push(task.id);
    const wait = this.milliseconds(task);
    if (wait > 0) await delay(wait);
    if (this.stopping) return {};
    const metric = Number.parseInt(task.id.slice(0, 8), 16) / 2 ** 32;
    const { error: _error, ...nothing } = failedResult(task, this, '');
    return {
      result: { ...nothing, status: 'done', ...{ epochs: 1, metric, course: [metric] } } as TaskOutcome['result'] &
        object,
    };
  }

  stop(): void {
    this.stopping = true;
  }

  async close(): Promise<void> {}
}
