import type * as v from 'valibot';
import { parse } from '../../check.ts';
import { ConfigurationError } from '../../errors.ts';
import type { EpochRecord, StoppedEarly } from '../../health/history.ts';
import { type Measured, type Monitor, monitored } from '../monitor.ts';
import type { CallbackDefinition } from './callback_definition.ts';
import { type EarlyStoppingState, earlyStopping } from './early_stopping.ts';
import type { EarlyStoppingConfig, ReduceLrOnPlateauConfig } from './options.ts';
import { type ReduceLrOnPlateauState, reduceLrOnPlateau } from './reduce_lr_on_plateau.ts';

/** Every callback that `fit` takes as an option, in the order in which they get an epoch. */
export const callbackDefinitions = { reduceLrOnPlateau, earlyStopping };
type Name = keyof typeof callbackDefinitions;

/** Options of `fit`, as plain JSON. */
export interface CallbackOptions {
  /** Stops when the monitored figure no longer improves. */
  earlyStopping?: EarlyStoppingConfig;
  /** Reduces the learning rate when the monitored figure no longer improves. */
  reduceLrOnPlateau?: ReduceLrOnPlateauConfig;
}
export interface FilledCallbacks {
  earlyStopping?: v.InferOutput<typeof earlyStopping.schema>;
  reduceLrOnPlateau?: v.InferOutput<typeof reduceLrOnPlateau.schema>;
}

/** The states of callbacks in a snapshot. A state belongs to its monitor. */
export interface CallbackStates {
  /** Where early stopping stands. */
  earlyStopping?: EarlyStoppingState & { monitor: string };
  /** Where the reduction of the learning rate stands. */
  reduceLrOnPlateau?: ReduceLrOnPlateauState & { monitor: string };
}

/** Any of them: each takes its own options and state. */
// biome-ignore lint/suspicious/noExplicitAny: each definition has its own options and state
const definitionOf = (name: Name): CallbackDefinition<any, any> => callbackDefinitions[name];

/** Fills the defaults in. @throws ConfigurationError for an unknown option or a value out of range. */
export function fillCallbacks(options: CallbackOptions): FilledCallbacks {
  const given = (Object.keys(callbackDefinitions) as Name[]).filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, parse(definitionOf(name).schema, options[name], name)]));
}

/**
 * @param hasSchedule the learning rate follows one.
 * @throws ConfigurationError for a figure that the run doesn't measure, and for a schedule that would undo a reduced rate.
 */
export function requireCallbacksFit(filled: FilledCallbacks, measured: Measured, hasSchedule: boolean): void {
  for (const name of Object.keys(filled) as Name[]) definitionOf(name).monitorOf(filled[name], measured);
  if (!filled.reduceLrOnPlateau || !hasSchedule) return;
  throw new ConfigurationError({
    what: 'reduceLrOnPlateau needs a learning rate that is a number: a schedule would set it again in the next step',
    found: 'reduceLrOnPlateau and a learning rate schedule',
    expected: 'one of them',
    fix: 'leave reduceLrOnPlateau out, or give the optimizer a number as its learningRate',
  });
}

/** The callbacks of a `fit` that is under way. */
export class Callbacks {
  /** Whether the weights of the best epoch are wanted at the end. */
  readonly restoresBestWeights: boolean;
  readonly #callbacks: { name: Name; config: unknown; monitor: Monitor; state: unknown }[];

  /** @param before states of the run that this one resumes; those with another monitor start again. */
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

  /** Tells them of an epoch. */
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

  /** Undefined where there is no callback. */
  get states(): CallbackStates | undefined {
    if (this.#callbacks.length === 0) return undefined;
    return Object.fromEntries(
      this.#callbacks.map(({ name, monitor, state }) => [name, { monitor: monitor.name, ...(state as object) }]),
    );
  }

  /** Where earlyStopping has ended the run, before or now. */
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
