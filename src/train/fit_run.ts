import { anyAborted } from '../gpu/unless_aborted.ts';
import { type EpochRecord, type History, type StoppedEarly, summarize } from '../health/history.ts';
import { type FilledMetric, validationName } from '../model/metrics/index.ts';
import type { DatasetInput } from '../plan/input.ts';
import { stepSamples } from '../plan/settings.ts';
import { badStepsToHalt } from '../plan/steps.ts';
import type { Engine } from './engine.ts';
import type { FilledFitOptions } from './fit_options.ts';
import type { FitRecords, Place } from './fit_records.ts';
import { isValidated } from './fit_settings.ts';
import type { Judging } from './judging.ts';
import { createPace, type Pace } from './pace.ts';
import type { Probing } from './probing.ts';
import type { Checkpoints } from './snapshot.ts';
import { trainingRecording } from './step_recordings.ts';

/** What the callbacks decide in a run. */
export interface RunCallbacks {
  /** True if they had already ended the run that this one resumes. */
  isOver: boolean;
  /** Applies their decisions after an epoch. @returns true after the last one. */
  afterEpoch(record: EpochRecord): Promise<boolean>;
  /** Called at the end of the run. @returns why and when they ended it, if they did. */
  end(isComplete: boolean): StoppedEarly | undefined;
}

/** Everything that a run needs. */
export interface FitParts {
  engine: Engine;
  input: DatasetInput;
  /** The validation images, and the metrics computed from them. */
  validation: DatasetInput | undefined;
  metrics: readonly FilledMetric[];
  probing: Probing | undefined;
  place: Place;
  records: FitRecords;
  callbacks: RunCallbacks | undefined;
  checkpoints: Checkpoints | undefined;
  options: FilledFitOptions;
}

/** The loop of `fit`: submits the steps of each epoch, and what is due between two submissions. */
export class FitRun {
  readonly #parts: FitParts;
  readonly #recording: ReturnType<typeof trainingRecording>;
  readonly #pace: Pace;
  /** True if a callback has ended the run, possibly before it was resumed here, so that nothing is left to train. */
  #isOver: boolean;
  /** Milliseconds of the current epoch in which the run was paused or saved, or did a probe. */
  #heldMs = 0;

  constructor(parts: FitParts) {
    const { engine, input, callbacks, options } = parts;
    this.#parts = parts;
    this.#recording = trainingRecording(engine.steps, input);
    this.#pace = options.pace ?? createPace();
    this.#isOver = callbacks?.isOver === true;
  }

  async train(): Promise<History> {
    const { engine, records, callbacks, options } = this.#parts;
    const { epochs, initialEpoch, terminateOnNaN } = options;
    const { history } = records;
    engine.resetHalt(engine.steps.training, { badInARow: records.badInARow, atOnce: terminateOnNaN });
    for (let epoch = initialEpoch + 1; epoch <= epochs && !this.#isOver && !this.#isToStop(); epoch++) {
      if (!(await this.#trainEpoch(epoch))) break;
    }
    // A state restored after the last epoch predates this judgment.
    if (history.steps.length > 0 || initialEpoch === epochs || this.#isOver) {
      records.judgeRun(await records.judging(), 'end');
    }
    const isComplete = this.#isOver || initialEpoch + history.epochs.length >= epochs;
    history.stopped = !isComplete;
    const stoppedEarly = callbacks?.end(isComplete);
    if (stoppedEarly) history.stoppedEarly = stoppedEarly;
    return history;
  }

  /** @returns false if the run was stopped in the middle of it. */
  async #trainEpoch(epoch: number): Promise<boolean> {
    const { engine, records, place } = this.#parts;
    const started = performance.now();
    const before = records.ofEpoch.length;
    this.#heldMs = 0;
    const left = await this.#submitSteps(epoch, before);
    const judging = await records.judging();
    await engine.scheduler.drain();
    if (this.#isFailed) await this.#fail(judging);
    if (left === place.epochSteps) engine.undoEpoch(); // none of it was trained
    if (left > 0) return false;
    const record = summarize(epoch, records.ofEpoch, (performance.now() - started - this.#heldMs) / 1000, before);
    records.ofEpoch = [];
    await this.#endEpoch(record, judging);
    return true;
  }

  /** Submits the steps of an epoch. @returns how many are left: 0 unless the run is to stop. */
  async #submitSteps(epoch: number, before: number): Promise<number> {
    const { engine, input, probing, records, place, checkpoints, options } = this.#parts;
    const { scheduler, disposal } = engine;
    const { failure } = engine.gpu;
    const { training } = engine.steps;
    const { stream } = input;
    const samples = stepSamples(engine.settings);
    const order = engine.nextOrder(input, options.shuffle, before > 0);
    const following = engine.epochs + 1;
    const follow = () =>
      epoch < options.epochs ? { order: input.orderOf(following, options.shuffle), epoch: following } : undefined;
    engine.beginEpoch(training, input, order, before * samples, stream && follow);
    if (before === 0) engine.forgetUnits();
    let left = place.epochSteps - before;
    /** Position in the epoch at which the last checkpoint was taken; a resumed run starts from that checkpoint. */
    let lastKept = before > 0 ? left : Infinity;
    while (left > 0) {
      if (records.firstSubmitted || place.stepsBefore > 0 || probing || this.#isHeld()) await records.judging();
      await scheduler.ready();
      if (this.#isHeld()) {
        await scheduler.drain();
        await this.#outsideOfTraining(() => this.#hold());
      }
      if (this.#isToStop()) break;
      const there = stream
        ? await stream.ready(disposal, failure, ...(options.signal ? [options.signal] : []))
        : Infinity;
      const unchanged = await engine.useKernelsOfStep(left + (options.epochs - epoch) * place.epochSteps);
      // Something else may have become due while waiting for images or kernels.
      if (this.#isToStop() || this.#isHeld()) continue;
      const next = engine.trainingSteps - records.offset + 1;
      if (left < place.epochSteps && left < lastKept && checkpoints?.isDueAfterStep(next - 1)) {
        await scheduler.drain();
        lastKept = left;
        if (this.#isToStop()) break;
        await this.#outsideOfTraining(() => checkpoints.take());
        continue; // the receiver may stop the run
      }
      if (probing?.isDue(next)) {
        await scheduler.drain();
        if (this.#isHeld()) continue;
        if (this.#isToStop()) break;
        const probe = await this.#outsideOfTraining(() => probing.probe(next, order, place.epochSteps - left));
        records.history.probes.push(probe);
        options.onProbe?.(probe);
        continue; // the callback may pause or stop it
      }
      records.firstSubmitted ||= performance.now();
      const most = Math.min(
        left,
        Math.ceil(there / samples),
        unchanged,
        this.#pace.allowed,
        probing?.stepsBeforeNext(next) ?? Infinity,
        checkpoints?.stepsBeforeNext(next - 1) ?? Infinity,
      );
      const { take } = records;
      const submitted = await scheduler.submit(training.records, this.#recording, engine.trainingSteps + 1, most, take);
      engine.trainingBegan(submitted);
      stream?.submitted(submitted * samples);
      left -= submitted;
      this.#pace.taken(submitted);
    }
    return left;
  }

  /** Validates, calls the callbacks and listeners, and saves the state if that is due. */
  async #endEpoch(record: EpochRecord, judging: Judging): Promise<void> {
    const { engine, validation, metrics, records, callbacks, checkpoints, options } = this.#parts;
    const { epoch } = record;
    if (validation && isValidated(epoch, options.validationFreq)) {
      const { evaluateInput } = await import('./evaluate.ts'); // a run without validation does not need it
      const evaluated = engine.withWeights('average', () =>
        evaluateInput(engine, validation, options.validationData!, metrics, { again: epoch < options.epochs }),
      );
      for (const [name, value] of Object.entries(await evaluated)) record[validationName(name)] = value;
    }
    this.#isOver = (await callbacks?.afterEpoch(record)) === true;
    records.history.epochs.push(record);
    judging.addEpoch(record);
    options.onEpoch?.(record);
    // Calls made within onEpoch see the end of this epoch rather than the start of the next. They are queued one microtask
    // later.
    await Promise.resolve();
    await engine.interludes.run();
    if (checkpoints?.isDueAfterEpoch(records.step, epoch)) await checkpoints.take();
  }

  get #isFailed(): boolean {
    const { records, options } = this.#parts;
    return records.badInARow >= (options.terminateOnNaN ? 1 : badStepsToHalt);
  }

  #isToStop(): boolean {
    const { engine, options } = this.#parts;
    return this.#isFailed || options.signal?.aborted || engine.disposal.aborted || engine.gpu.failure.aborted;
  }

  #isHeld(): boolean {
    return (this.#pace.paused || this.#parts.engine.interludes.areWaiting) && !this.#isToStop();
  }

  /** Does something between two submissions, whose time does not count as that of the epoch. */
  async #outsideOfTraining<T>(work: () => Promise<T>): Promise<T> {
    const since = performance.now();
    const result = await work();
    this.#heldMs += performance.now() - since;
    return result;
  }

  /** Waits between two submissions, with nothing in flight: serves calls of `meanwhile`, and blocks while `pace` is paused. */
  async #hold(): Promise<void> {
    const { engine, options } = this.#parts;
    const { gpu, interludes, disposal } = engine;
    const { signal, onPause } = options;
    let hasReported = false;
    while (this.#isHeld()) {
      await interludes.run();
      if (interludes.areWaiting) continue; // one arrived as the last one ended, for which no event would be signaled
      if (!this.#isHeld()) return;
      if (!hasReported) onPause?.();
      hasReported = true;
      if (!this.#isHeld()) return; // onPause may have resumed the run
      await anyAborted([this.#pace.changed, interludes.arrival, disposal, gpu.failure, ...(signal ? [signal] : [])]);
    }
  }

  /** Ends the run after too many steps with numbers that are not finite. @throws TrainingError that names the first such layer. */
  async #fail(judging: Judging): Promise<never> {
    const { engine, records, place } = this.#parts;
    records.judgeRun(judging, 'failure');
    const { diagnoseRun } = await import('./diagnose.ts'); // few runs need it
    throw await diagnoseRun(engine, records, place);
  }
}
