import type { Dataset } from '../data/dataset.ts';
import type { Verdict } from '../health/health.ts';
import { emptyHistory, type History, isBad, type StepRecord, withoutHealth } from '../health/history.ts';
import type { WatchState } from '../health/verdicts.ts';
import type { DatasetInput } from '../plan/input.ts';
import { stepSamples } from '../plan/settings.ts';
import type { Engine } from './engine.ts';
import type { FilledFitOptions } from './fit_options.ts';
import type { Judging } from './judging.ts';

/** Steps between verdicts on the run. */
const stepsBetweenJudgments = 50;

/** The inputs of the verdicts on a run and its layers. */
export interface JudgedRun {
  settings: Engine['settings'];
  /** The training samples. */
  data: Dataset;
  /** True if samples have weights. */
  isWeighted: boolean;
  epochSteps: number;
  verdictsBefore: readonly Verdict[];
  watchBefore: WatchState | undefined;
}

/** The point at which a run resumes, counted from its start. */
export interface Place {
  epochSteps: number;
  stepsBefore: number;
}

/** Receives the records of a run's steps as they arrive: writes the history, judges the layers and the run, calls the listeners. */
export class FitRecords {
  readonly history: History = emptyHistory();
  /** The steps of the current epoch. */
  ofEpoch: StepRecord[];
  /** Number of consecutive bad steps at the end. */
  badInARow: number;
  /** When the first step was submitted; 0 before. */
  firstSubmitted = 0;
  readonly #engine: Engine;
  readonly #input: DatasetInput;
  readonly #place: Place;
  readonly #run: JudgedRun;
  readonly #options: FilledFitOptions;
  /** Converts the run's step count to the trainer's. */
  readonly offset: number;
  readonly #loading: Promise<typeof import('./judging.ts')>;
  #judging: Judging | undefined;
  /** Records that arrived before the code of the verdicts was loaded. */
  readonly #early: [bytes: ArrayBuffer, count: number][] = [];

  constructor(
    engine: Engine,
    input: DatasetInput,
    place: Place,
    data: Pick<JudgedRun, 'data' | 'isWeighted'>,
    options: FilledFitOptions,
  ) {
    const { initialSteps, initialVerdicts: verdictsBefore } = options;
    const watchBefore = place.stepsBefore > 0 ? engine.watchBefore : undefined;
    this.#engine = engine;
    this.#input = input;
    this.#place = place;
    this.#run = { settings: engine.settings, ...data, epochSteps: place.epochSteps, verdictsBefore, watchBefore };
    this.#options = options;
    this.offset = engine.trainingSteps - place.stepsBefore;
    this.ofEpoch = [...initialSteps];
    this.badInARow = initialSteps.length - 1 - initialSteps.findLastIndex((step) => !isBad(step));
    // Loaded while the first steps are in flight, because nothing is judged before their records arrive.
    this.#loading = import('./judging.ts');
    this.#loading.catch(() => undefined); // the code that awaits it gets the error
  }

  /** The run's last step, counted from its start. */
  get step(): number {
    return this.#place.stepsBefore + this.history.steps.length;
  }

  /** The verdicts, which are loaded before the second submission. */
  async judging(): Promise<Judging> {
    if (this.#judging) return this.#judging;
    const { Judging } = await this.#loading;
    this.#judging = new Judging(this.#run);
    this.#engine.watch = this.#judging.watch;
    this.#engine.watchBefore = undefined;
    for (const [bytes, count] of this.#early.splice(0)) this.take(bytes, count);
    return this.#judging;
  }

  /** Judges the run, and reports the verdict if it has changed. */
  judgeRun(judging: Judging, end?: 'end' | 'failure'): void {
    const { step } = this;
    const verdict = judging.judgeRun({ step, epoch: Math.ceil(step / this.#place.epochSteps) }, end);
    if (!verdict) return;
    this.history.runVerdicts.push(verdict);
    this.#options.onRunVerdict?.(verdict);
  }

  /** Takes the records of a submission. */
  readonly take = (bytes: ArrayBuffer, count: number): void => {
    const { startup, settings } = this.#engine;
    if (!startup.firstStepMs) startup.firstStepMs = performance.now() - this.firstSubmitted;
    const judging = this.#judging;
    if (!judging) {
      this.#early.push([bytes.slice(0), count]);
      return;
    }
    for (let i = 0; i < count; i++) if (!this.#read(bytes, i, judging)) return;
    this.#input.stream?.done(count * stepSamples(settings));
  };

  /** @returns false if there are no more records. */
  #read(bytes: ArrayBuffer, at: number, judging: Judging): boolean {
    const { history } = this;
    const { reader, disposal } = this.#engine;
    const { keepHealth, initialEpoch, epochs, onStep, onVerdict } = this.#options;
    const record = reader.read(bytes, at, judging.healthReader);
    if (!record || disposal.aborted) return false;
    if (!record.skipped) this.#engine.noteUpdate(record.step);
    record.step -= this.offset;
    record.epoch = initialEpoch + history.epochs.length + 1;
    this.badInARow = isBad(record) ? this.badInARow + 1 : 0;
    if (record.skipped) history.skippedSteps++;
    const kept = keepHealth ? record : withoutHealth(record);
    history.steps.push(kept);
    this.ofEpoch.push(kept);
    onStep?.(record, { epochSteps: this.#place.epochSteps, epochs });
    for (const verdict of judging.add(record)) {
      history.verdicts.push(verdict);
      onVerdict?.(verdict);
    }
    if (record.step % stepsBetweenJudgments === 0) this.judgeRun(judging);
    return true;
  }
}
