import type * as v from 'valibot';
import { parse } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import type { EpochRecord, StoppedEarly } from '../../health/history.ts';
import { type Measured, type Monitor, monitored } from '../monitor.ts';
import type { CallbackDefinition } from './callback_definition.ts';
import { type EarlyStoppingState, earlyStopping } from './early_stopping.ts';
import type { EarlyStoppingConfig, ReduceLrOnPlateauConfig } from './options.ts';
import { type ReduceLrOnPlateauState, reduceLrOnPlateau } from './reduce_lr_on_plateau.ts';

/** Every callback that `fit` accepts as an option, in the order in which they process an epoch. */
export const callbackDefinitions = { reduceLrOnPlateau, earlyStopping };
type Name = keyof typeof callbackDefinitions;

/** Options of `fit`, as plain JSON. */
export interface CallbackOptions {
  /** Stops training when the monitored value no longer improves. */
  earlyStopping?: EarlyStoppingConfig;
  /** Reduces the learning rate when the monitored value no longer improves. */
  reduceLrOnPlateau?: ReduceLrOnPlateauConfig;
}
export interface FilledCallbacks {
  earlyStopping?: v.InferOutput<typeof earlyStopping.schema>;
  reduceLrOnPlateau?: v.InferOutput<typeof reduceLrOnPlateau.schema>;
}

/** The states of callbacks in a snapshot. Each state is only valid for its monitor. */
export interface CallbackStates {
  /** State of early stopping. */
  earlyStopping?: EarlyStoppingState & { monitor: string };
  /** State of the learning-rate reduction. */
  reduceLrOnPlateau?: ReduceLrOnPlateauState & { monitor: string };
}

/** Each takes its own options and state. */
// biome-ignore lint/suspicious/noExplicitAny: each definition has its own options and state
const definitionOf = (name: Name): CallbackDefinition<any, any> => callbackDefinitions[name];

/** Fills in the defaults. @throws ConfigurationError for an unknown option or a value out of range. */
export function fillCallbacks(options: CallbackOptions): FilledCallbacks {
  const given = (Object.keys(callbackDefinitions) as Name[]).filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, parse(definitionOf(name).schema, options[name], name)]));
}

/**
 * @param hasSchedule whether the learning rate follows a schedule.
 * @throws ConfigurationError for a value that the run doesn't measure, and for a schedule, which would undo a reduced rate.
 */
export function requireCallbacksFit(filled: FilledCallbacks, measured: Measured, hasSchedule: boolean): void {
  for (const name of Object.keys(filled) as Name[]) definitionOf(name).monitorOf(filled[name], measured);
  if (!filled.reduceLrOnPlateau || !hasSchedule) return;
  throw new ConfigurationError({
    what: 'reduceLrOnPlateau requires a constant learning rate: a schedule would overwrite it in the next step',
    found: 'reduceLrOnPlateau and a learning rate schedule',
    expected: 'one of them',
    fix: 'leave reduceLrOnPlateau out, or give the optimizer a number as its learningRate',
  });
}

/** The callbacks of a running `fit`. */
export class Callbacks {
  /** True if the weights of the best epoch are restored at the end. */
  readonly restoresBestWeights: boolean;
  readonly #callbacks: { name: Name; config: unknown; monitor: Monitor; state: unknown }[];

  /** @param before states of the run that this one resumes; those with another monitor are reset. */
  constructor(filled: FilledCallbacks, measured: Measured, before: CallbackStates = {}) {
    this.restoresBestWeights = filled.earlyStopping?.restoreBestWeights ?? false;
    this.#callbacks = (Object.keys(callbackDefinitions) as Name[]).flatMap((name) => {
      const config = filled[name];
      if (!config) return [];
      const definition = definitionOf(name);
      const monitor = definition.monitorOf(config, measured);
      const { monitor: of, ...state } = before[name] ?? {};
      return { name, config, monitor, state: of === monitor.name ? state : definition.begin() };
    });
  }

  /** Passes an epoch to the callbacks. */
  epochEnd(record: EpochRecord, learningRate: number): { stop: boolean; keepWeights: boolean; learningRate?: number } {
    const all = { stop: false, keepWeights: false, learningRate };
    for (const callback of this.#callbacks) {
      const { name, config, monitor, state } = callback;
      const value = monitored(record, monitor);
      const decision = definitionOf(name).epochEnd(config, monitor, state, {
        epoch: record.epoch,
        value,
        learningRate: all.learningRate,
      });
      callback.state = decision.state;
      all.stop ||= decision.stop ?? false;
      all.keepWeights ||= decision.keepWeights ?? false;
      all.learningRate = decision.learningRate ?? all.learningRate;
    }
    const { stop, keepWeights } = all;
    return { stop, keepWeights, ...(all.learningRate !== learningRate && { learningRate: all.learningRate }) };
  }

  /** Undefined without callbacks. */
  get states(): CallbackStates | undefined {
    if (this.#callbacks.length === 0) return undefined;
    return Object.fromEntries(
      this.#callbacks.map(({ name, monitor, state }) => [name, { monitor: monitor.name, ...(state as object) }]),
    );
  }

  /** The result of earlyStopping, if it has ended the run, before or now. */
  stoppedEarly(restoredBestWeights: boolean): StoppedEarly | undefined {
    const { earlyStopping: state } = this.states ?? {};
    if (state?.stoppedEpoch === undefined) return undefined;
    const { stoppedEpoch: epoch, monitor, best, bestEpoch } = state;
    return {
      epoch,
      reason: 'earlyStopping',
      monitor,
      ...(best !== undefined && { best }),
      ...(bestEpoch !== undefined && { bestEpoch }),
      restoredBestWeights,
    };
  }
}
