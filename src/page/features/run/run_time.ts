import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import { stepSamples } from '../../../plan/settings.ts';
import { aboutSeconds, estimatedStepMs, runSeconds, timedAfterSteps } from '../../../train/run_time.ts';
import { adapter, experiment, layers, plan } from '../../app/state.ts';
import { run } from './state.ts';

/** Estimates the training time on this machine. */

/** Ratio of the measured to the estimated time of a step in the last run; undefined if there was none. */
const slowness = signal<number | undefined>();

export const slownessHere: ReadonlySignal<number | undefined> = slowness;

const key = 'wgrad-slowness';

/** A browser may deny access to storage. */
function stored(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** Estimated time of the current experiment, in words. */
export const timeHere = computed<string | undefined>(() => {
  const { summary } = layers.value;
  if (!plan.value || !summary) return undefined;
  const samples = stepSamples(experiment.value);
  const stepMs = estimatedStepMs(summary, samples) * (slowness.value ?? 1);
  const time = aboutSeconds(runSeconds(plan.value, samples, stepMs));
  return slowness.value ? `${time} as measured here` : `${time} by a rough estimate, until steps have been timed here`;
});

/** Measures steps during training, and stores the result for the next visit. */
export function installRunTime(): void {
  effect(() => {
    if (!adapter.value?.software) return;
    const kept = Number(stored()?.getItem(key));
    if (kept > 0) slowness.value = kept;
  });
  effect(() => {
    const shown = run.value;
    if (!shown || shown.twinB || !shown.isUnderWay.value || shown.events.value === 0) return;
    const { stepMs } = shown.log;
    if (!stepMs || shown.stepsHere < timedAfterSteps) return;
    slowness.value = stepMs / estimatedStepMs(shown.layers, stepSamples(shown.experiment));
  });
  // Stored once per run, because the last value is the most accurate.
  effect(() => {
    if (run.value && !run.value.isUnderWay.value && slowness.peek()) stored()?.setItem(key, String(slowness.peek()));
  });
}
