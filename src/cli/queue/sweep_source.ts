import { clock, count } from '../../figures.ts';
import type { TrialResult } from '../../report/sweep_file.ts';
import { amountOf, openTasks } from '../sweep/open_tasks.ts';
import { SweepBars } from '../sweep/progress.ts';
import type { SweepFolder } from '../sweep/sweep_folder.ts';
import { trialLine } from '../sweep/tables.ts';
import { type CheckedSweep, variedText } from '../sweep/trials.ts';
import type { TaskSource } from './coordinator.ts';
import type { TrialOrder } from './trial_task.ts';
import { anyKind, type Task, type TaskResult, type Work, type WorkerSign } from './work.ts';

/** Maximum number of trials with a progress bar. */
const mostBars = 8;

/** The trials of a sweep as tasks: their results are stored in the sweep's folder, as for a sweep on one machine. */
export class SweepSource implements TaskSource {
  private readonly bars = new SweepBars();
  private readonly results = new Map<string, TrialResult>();
  private readonly trials: Map<string, { place: number; text: string }>;
  private readonly halted: TrialResult[] = [];
  private readonly begun = performance.now();
  private readonly doneBefore: number;
  private shownBars = 0;
  /** Trials that will not be trained further. */
  private ended = 0;

  constructor(
    private readonly work: Work,
    private readonly sweep: CheckedSweep,
    private readonly folder: SweepFolder,
  ) {
    this.trials = new Map(
      sweep.trials.map(({ id, varied, seed }, place) => [
        id,
        { place, text: [variedText(varied), `seed ${seed}`].filter(Boolean).join(', ') },
      ]),
    );
    for (const record of folder.records) if (record.kind !== undefined) this.take(record as TrialResult);
    this.doneBefore = this.amount().done;
  }

  open(): (Task & { priority?: number })[] {
    const { tasks, halted } = openTasks(this.sweep, this.resultOf);
    for (const result of halted) {
      this.folder.add(result);
      this.results.set(result.id, result);
      this.halted.push(result);
    }
    return tasks.map(({ trial, until }) => ({
      ...{ work: this.work.id, id: trial.id },
      // The longest-trained configurations come first, as in a sweep on one machine.
      ...(until !== undefined && { until, priority: this.sweep.rungs!.filter(({ epochs }) => epochs >= until).length }),
      order: {
        options: trial.options,
        metric: this.sweep.metric,
        data: this.sweep.data.get(trial.id)!,
        seconds: this.resultOf(trial.id)?.seconds ?? 0,
      } satisfies TrialOrder,
    }));
  }

  decided = (): TrialResult[] => this.halted.splice(0);

  add(result: TaskResult, log: readonly string[]): void {
    const trial = this.trials.get(result.id);
    if (!trial) return;
    const whole = result as TrialResult;
    const before = this.folder.resultOf(whole.id, whole.kind);
    if (before && (before.status !== 'waiting' || before.epochs >= whole.epochs)) return;
    this.folder.add(whole);
    if (log.length > 0) this.folder.log(whole.id, log);
    if (this.take(whole)) this.print(trial.place, whole);
  }

  show(running: readonly WorkerSign['running'][number][]): void {
    const { done, total } = this.amount();
    const shares = this.sweep.rungs ? 0 : running.reduce((sum, { share }) => sum + share, 0);
    for (const [slot, { id, share }] of running.slice(0, mostBars).entries()) {
      const { place, text } = this.trials.get(id) ?? { place: -1, text: '' };
      this.bars.trial(slot, String(place + 1), share, text);
    }
    for (let slot = running.length; slot < this.shownBars; slot++) this.bars.trial(slot, '-', 0, '');
    this.shownBars = Math.min(mostBars, Math.max(this.shownBars, running.length));
    this.bars.total(`${count(done)}/${count(total)}`, (done + shares) / total, this.left(done + shares, total));
  }

  /** Prints a line above the bars. */
  printLine = (line: string): void => this.bars.print(line);

  stop(): void {
    this.bars.stop();
  }

  private resultOf = (id: string): TrialResult | undefined => this.results.get(id);
  // Printed for each result: counting thousands of trials anew each time would take longer than the queue does.
  private amount = () =>
    this.sweep.rungs ? amountOf(this.sweep, this.resultOf) : { done: this.ended, total: this.sweep.trials.length };
  private left = (done: number, total: number) =>
    ((performance.now() - this.begun) / 1000 / (done - this.doneBefore)) * (total - done);

  /** Whether a result contains more than the one already known. */
  private take(result: TrialResult): boolean {
    if (this.work.kind !== anyKind && result.kind !== this.work.kind) return false;
    const before = this.results.get(result.id);
    if (before && (before.status !== 'waiting' || before.epochs > result.epochs)) return false;
    this.results.set(result.id, result);
    if (result.status !== 'waiting') this.ended++;
    return true;
  }

  private print(place: number, result: TrialResult): void {
    const { done, total } = this.amount();
    const what = this.sweep.rungs ? 'epoch' : 'trial';
    const left = done >= total ? undefined : clock(this.left(done, total));
    this.bars.print(
      trialLine({ ...this.sweep.trials[place]!, ...result }, `${what} ${count(done)}/${count(total)}`, left),
    );
  }
}
