import { clock, count } from '../../figures.ts';
import type { Trial, TrialResult } from '../../report/sweep_file.ts';
import type { AdapterOptions } from '../adapter_options.ts';
import { WritingPace } from '../writing_pace.ts';
import { amountOf, openTasks, type Task } from './open_tasks.ts';
import { SweepBars } from './progress.ts';
import type { SweepFolder } from './sweep_folder.ts';
import { trialLine } from './tables.ts';
import { kindOf, TrialChrome } from './trial_chrome.ts';
import { type CheckedSweep, variedText } from './trials.ts';

/** A sweep in several Chromes on this machine, each of which trains one trial at a time. */
export class LocalSweep {
  private readonly kind: string;
  private readonly bars = new SweepBars();
  private readonly running = new Map<string, number>();
  private readonly begun = performance.now();
  private readonly doneBefore: number;
  private stopped = false;
  /** Wakes the Chromes that wait for a decision. */
  private wake: () => void = () => {};
  private change = new Promise<void>((resolve) => {
    this.wake = resolve;
  });

  /** @param chromes the first one is open; the others are opened and added. */
  constructor(
    private readonly sweep: CheckedSweep,
    private readonly folder: SweepFolder,
    private readonly chromes: TrialChrome[],
    private readonly how: { options: AdapterOptions; jobs: number },
  ) {
    this.kind = kindOf(chromes[0]!.adapter);
    this.doneBefore = this.amount().done;
  }

  /** Ends the running trials; `run` resolves when their states are saved. */
  stop(): void {
    this.stopped = true;
    this.bars.stop();
    for (const chrome of this.chromes) chrome.stop();
    this.changed();
  }

  async run(): Promise<void> {
    const { jobs } = this.how;
    const slots = Math.min(jobs, Math.max(1, this.sweep.trials.length));
    const filled = Array.from({ length: slots }, (_, slot) =>
      this.fill(slot).catch((error) => {
        // If one Chrome cannot continue, the others are stopped, but save their states first.
        if (!this.stopped) this.stop();
        throw error;
      }),
    );
    const ends = await Promise.allSettled(filled);
    this.bars.stop();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  private async fill(slot: number): Promise<void> {
    for (;;) {
      if (this.stopped) return;
      const task = this.take();
      if (task) {
        this.chromes[slot] ??= new TrialChrome(this.how.options);
        if (slot > 0 && !this.chromes[slot]!.version) {
          await this.chromes[slot]!.open(this.chromes[0]!.adapter.software ? 'software' : 'hardware');
        }
        await this.train(slot, task);
      } else if (this.running.size > 0) await this.change;
      else return;
    }
  }

  private take(): Task | undefined {
    const { tasks, halted } = openTasks(this.sweep, this.resultOf);
    for (const result of halted) {
      this.folder.add(result);
      this.folder.dropState(result.id, this.kind);
    }
    const task = tasks.find(({ trial }) => !this.running.has(trial.id));
    if (task) this.running.set(task.trial.id, 0);
    return task;
  }

  private async train(slot: number, { trial, until }: Task): Promise<void> {
    const { folder, kind } = this;
    const pace = new WritingPace();
    try {
      const outcome = await this.chromes[slot]!.run({
        ...{ trial, checked: await this.sweep.check(trial), metric: this.sweep.metric },
        ...(until !== undefined && { until }),
        ...optional('from', folder.stateOf(trial.id, kind)),
        ...optional('before', this.resultOf(trial.id)),
        keep: (file) => {
          if (!pace.isDue) return;
          const now = performance.now();
          folder.keepState(trial.id, kind, file());
          pace.took(performance.now() - now);
        },
        progress: (share) => this.show(slot, trial, share),
        log: (lines) => folder.log(trial.id, lines),
      });
      const { result, state } = outcome;
      const isOpen = !result || result.status === 'waiting';
      if (isOpen && state) folder.keepState(trial.id, kind, state());
      if (result) folder.add(result);
      if (!isOpen) folder.dropState(trial.id, kind);
      this.running.delete(trial.id);
      if (result) this.print(trial, result);
    } finally {
      this.running.delete(trial.id);
      this.changed();
    }
  }

  private changed(): void {
    const { wake } = this;
    this.change = new Promise((resolve) => {
      this.wake = resolve;
    });
    wake();
  }

  private resultOf = (id: string): TrialResult | undefined => this.folder.resultOf(id, this.kind);
  private amount = () => amountOf(this.sweep, this.resultOf);

  private show(slot: number, trial: Trial, share: number): void {
    if (!this.running.has(trial.id) || this.stopped) return;
    this.running.set(trial.id, this.sweep.rungs ? 0 : share);
    const text = [variedText(trial.varied), `seed ${trial.seed}`].filter(Boolean).join(', ');
    this.bars.trial(slot, String(this.sweep.trials.indexOf(trial) + 1), share, text);
    const { done, total, left } = this.totals();
    this.bars.total(`${count(Math.floor(done))}/${count(total)}`, done / total, left);
  }

  private totals(): { done: number; total: number; left: number } {
    const { done, total } = this.amount();
    const all = done + [...this.running.values()].reduce((sum, share) => sum + share, 0);
    const seconds = (performance.now() - this.begun) / 1000;
    return { done: all, total, left: (seconds / (all - this.doneBefore)) * (total - all) };
  }

  private print(trial: Trial, result: TrialResult): void {
    const { left } = this.totals();
    const { done, total } = this.amount();
    const what = this.sweep.rungs ? 'epoch' : 'trial';
    const isLast = done >= total;
    this.bars.print(
      trialLine(
        { ...trial, ...result },
        `${what} ${count(Math.round(done))}/${count(total)}`,
        isLast ? undefined : clock(left),
      ),
    );
  }
}

const optional = <Name extends string, Value>(name: Name, value: Value | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Value };
