import type { Dispatch, Recording } from '../gpu/recording.ts';
import type { BatchInput } from '../plan/input.ts';
import { lossOf, microBatchesOf, type Phase, phasesOf, stepOf } from '../plan/phases.ts';
import type { BoundSteps } from '../plan/steps.ts';

const phasesFor = (steps: BoundSteps, input: BatchInput): Record<Phase, readonly Dispatch[]> =>
  phasesOf(steps, input.recording, lossOf(steps.training, input));

/** A training step, including the dispatches that produce its batch, with the phase of each dispatch. */
export const trainingStep = (steps: BoundSteps, input: BatchInput): { phase: Phase; dispatch: Dispatch }[] =>
  stepOf(phasesFor(steps, input), steps.training.accumulation);

/** A training step as a recording. */
export const trainingRecording = (steps: BoundSteps, input: BatchInput): Recording =>
  trainingStep(steps, input).map(({ dispatch }) => dispatch);

/** Everything but the update: weights, slots and the number of updates don't change. */
export const gradientRecording = (steps: BoundSteps, input: BatchInput): Recording =>
  trainingStep(steps, input).flatMap(({ phase, dispatch }) => (phase === 'update' ? [] : dispatch));

/** A training step split into the dispatches of each micro-batch, for callers that upload the images of each. */
export function trainingMicroBatches(steps: BoundSteps, input: BatchInput): Recording[] {
  const { update, ...pass } = phasesFor(steps, input);
  return microBatchRecordings(pass, steps.training.accumulation, update);
}

/** The same for a step that doesn't affect training and ends with the norms. */
export function gradientMicroBatches({ network, evaluation }: BoundSteps, input: BatchInput): Recording[] {
  const { forward, backward } = network.gradient;
  const pass = { input: [evaluation.begin], forward: [...forward, lossOf(evaluation, input)], backward };
  return microBatchRecordings(pass, evaluation.accumulation, evaluation.norms);
}

/** @param end the dispatches at the end of the step. */
function microBatchRecordings(
  pass: Parameters<typeof microBatchesOf<Dispatch>>[0],
  accumulation: Parameters<typeof microBatchesOf<Dispatch>>[1],
  end: Recording,
): Recording[] {
  const passes = microBatchesOf(pass, accumulation);
  return passes.map(({ input, forward, backward }, i) => [
    ...[...input, ...forward, ...backward],
    ...(i === passes.length - 1 ? end : []),
  ]);
}
