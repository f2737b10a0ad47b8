import type { EpochRecord, StoppedEarly } from '../health/history.ts';
import { Callbacks, type FilledCallbacks, requireCallbacksFit } from './callbacks/index.ts';
import type { Engine } from './engine.ts';
import type { RunCallbacks } from './fit_run.ts';
import type { Measured } from './monitor.ts';
import { readWeights } from './weights.ts';

/**
 * Checks the callbacks of a run before it begins. Loaded on demand, because most runs have none.
 *
 * @returns creates them, or resumes those of an interrupted run.
 * @throws ConfigurationError for callbacks that don't fit the run.
 */
export function checkedCallbacks(engine: Engine, filled: FilledCallbacks, measured: Measured): () => RunCallbacks {
  requireCallbacksFit(filled, measured, typeof engine.schedule.learningRate !== 'number');
  return () => new FitCallbacks(engine, filled, measured);
}

/** Applies the decisions of the callbacks to the trainer. */
class FitCallbacks implements RunCallbacks {
  readonly #engine: Engine;
  readonly #filled: FilledCallbacks;
  readonly #callbacks: Callbacks;

  constructor(engine: Engine, filled: FilledCallbacks, measured: Measured) {
    this.#engine = engine;
    this.#filled = filled;
    this.#callbacks = new Callbacks(filled, measured, engine.keptByCallbacks.states);
    engine.keptByCallbacks.states = this.#callbacks.states;
    if (!this.#callbacks.restoresBestWeights) delete engine.keptByCallbacks.bestWeights;
  }

  get isOver(): boolean {
    return this.#callbacks.stoppedEarly(false) !== undefined;
  }

  async afterEpoch(record: EpochRecord): Promise<boolean> {
    const { schedule, keptByCallbacks: kept, steps } = this.#engine;
    const before = schedule.learningRate;
    const rate = typeof before === 'number' ? before : 0;
    const { stop, keepWeights, learningRate } = this.#callbacks.epochEnd(record, rate);
    if (learningRate !== undefined) {
      await schedule.setLearningRate(learningRate);
      record.reducedLearningRate = learningRate;
    }
    // If the optimizer keeps a moving average, the best value was measured with it.
    if (keepWeights && this.#callbacks.restoresBestWeights) {
      kept.bestWeights = await readWeights(this.#engine, steps.average ? 'average' : 'current');
    }
    kept.states = this.#callbacks.states;
    return stop;
  }

  end(isComplete: boolean): StoppedEarly | undefined {
    return this.#callbacks.stoppedEarly(isComplete && this.#restoreBestWeights());
  }

  /** At the end of a complete run, whether or not it ended early, as in Keras. An interrupted run keeps its weights. */
  #restoreBestWeights(): boolean {
    const { bestWeights } = this.#engine.keptByCallbacks;
    if (!this.#filled.earlyStopping?.restoreBestWeights || !bestWeights) return false;
    this.#engine.writeTensors(bestWeights);
    return true;
  }
}
