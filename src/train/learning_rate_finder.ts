import * as v from 'valibot';
import { integer, number, parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { figure } from '../figures.ts';
import { readSlices } from '../gpu/readback.ts';
import type { StepRecord } from '../health/history.ts';
import { stateFields } from '../kernels/state.ts';
import type { DatasetInput } from '../plan/input.ts';
import { stepSamples } from '../plan/settings.ts';
import type { Engine } from './engine.ts';
import { splitForTraining } from './split.ts';
import { trainingRecording } from './step_recordings.ts';
import { withTrainingRestored } from './training_restored.ts';

/** Options of a learning-rate sweep. */
export interface LearningRateFinderOptions {
  /** Initial rate, > 0; 1e-6 by default. */
  from?: number;
  /** Final rate, larger than `from`; 1 by default. */
  to?: number;
  /** Number of training steps, 20 to 10,000; 100 by default. The rate grows by a constant factor per step. */
  steps?: number;
  /** The sweep ends if the smoothed loss exceeds this multiple of its minimum so far, > 1; 4 by default. */
  divergence?: number;
  /** Abort it to end the sweep; the curve so far is returned. */
  signal?: AbortSignal;
  /** Called after each step, with the total number of steps. */
  onStep?: (point: Pick<LearningRatePoint, 'learningRate' | 'loss'>, steps: number) => void;
}

/** One step of the sweep. */
export interface LearningRatePoint {
  /** Learning rate of the step. */
  learningRate: number;
  /** Loss of the step with this rate, before its update. */
  loss: number;
  /** Mean over the neighboring steps: a twentieth of the sweep on either side. */
  smoothedLoss: number;
}

/** Result of a learning-rate sweep. */
export interface LearningRateCurve {
  /** Every step, in order. */
  points: LearningRatePoint[];
  /** The rate at which the loss falls fastest, to two digits; undefined if it doesn't fall. */
  suggestion?: number;
  /** Why this rate is suggested, or why none is; one sentence. */
  reason: string;
  /** Why the sweep ended: all steps were run, the loss exceeded `divergence`, it was not finite, or the signal was aborted. */
  ended: 'complete' | 'diverged' | 'notFinite' | 'aborted';
}

const schema = v.strictObject({
  from: v.optional(number(0, Infinity, 'open'), 1e-6),
  to: v.optional(number(0, Infinity, 'open'), 1),
  steps: v.optional(integer(20, 10_000), 100),
  divergence: v.optional(number(1, Infinity, 'open'), 4),
  signal: v.optional(
    v.custom<AbortSignal>(
      (value) => typeof value === 'object' && value !== null && 'aborted' in value,
      'an AbortSignal',
    ),
  ),
  onStep: v.optional(
    v.custom<NonNullable<LearningRateFinderOptions['onStep']>>((value) => typeof value === 'function', 'a function'),
  ),
});

/** @throws ConfigurationError */
export function fillFinderOptions(options: LearningRateFinderOptions): v.InferOutput<typeof schema> {
  const filled = parse(schema, options, 'findLearningRate');
  if (filled.to > filled.from) return filled;
  throw new ConfigurationError({
    what: 'findLearningRate needs a range from a small to a large learning rate',
    found: { from: filled.from, to: filled.to },
    expected: 'from < to',
  });
}

/** Implements `Trainer.findLearningRate`: trains with a rate that grows at every step, then restores everything. */
export async function findLearningRate(
  engine: Engine,
  dataset: Dataset,
  options: ReturnType<typeof fillFinderOptions>,
): Promise<LearningRateCurve> {
  const { steps: plan } = engine;
  const { training } = splitForTraining(dataset, engine.inputView);
  return withTrainingRestored(engine, async () => {
    await engine.fitAugmentation(training);
    const input = await engine.input(training, engine.inputView, plan.training);
    try {
      return await sweep(engine, input, options);
    } finally {
      await engine.scheduler.abandon();
      input.dispose();
    }
  });
}

async function sweep(
  engine: Engine,
  input: DatasetInput,
  { from, to, steps, divergence, signal, onStep }: ReturnType<typeof fillFinderOptions>,
): Promise<LearningRateCurve> {
  const { gpu, memory, scheduler, reader, settings, disposal, steps: plan } = engine;
  const { training } = plan;
  engine.resetHalt(training);
  const [state] = await readSlices(gpu, memory, [training.state]);
  const updates = new DataView(state!).getUint32(4 * stateFields.indexOf('updates'), true);
  const sweep = {
    type: 'exponentialDecay',
    initialLearningRate: from,
    decayRate: to / from,
    staircase: false,
  } as const;
  await engine.schedule.use({ ...sweep, decaySteps: steps - 1 }, updates);
  const recording = trainingRecording(plan, input);
  const epochSteps = Math.ceil(input.samplesPerEpoch / stepSamples(settings));
  const reach = reachOf(steps);
  const found: Pick<StepRecord, 'loss' | 'learningRate'>[] = [];
  let ended: LearningRateCurve['ended'] | undefined;
  let lowest = Infinity;
  const { stream } = input;
  const take = (bytes: ArrayBuffer, count: number) => {
    stream?.done(count * stepSamples(settings));
    for (let i = 0; i < count && !ended; i++) {
      const record = reader.read(bytes, i);
      if (record?.lossScaleHalved) continue;
      if (!record || record.skipped) {
        ended = 'notFinite';
        return;
      }
      const { loss, learningRate } = record;
      found.push({ loss, learningRate: learningRate! });
      onStep?.({ loss, learningRate: learningRate! }, steps);
      const recent = meanOf(found, found.length - 1 - reach, found.length);
      if (found.length > reach) lowest = Math.min(lowest, recent);
      if (recent > divergence * lowest) ended = 'diverged';
    }
  };
  const isOver = () => ended !== undefined || signal?.aborted || disposal.aborted;
  for (let left = steps; left > 0 && !isOver(); ) {
    engine.beginEpoch(training, input, engine.nextOrder(input, true));
    for (let ofEpoch = Math.min(epochSteps, left); ofEpoch > 0 && !isOver(); ) {
      await scheduler.ready();
      const there = stream ? await stream.ready(disposal, gpu.failure, ...(signal ? [signal] : [])) : Infinity;
      if (isOver()) break;
      gpu.failure.throwIfAborted();
      const most = Math.min(ofEpoch, Math.ceil(there / stepSamples(settings)), await engine.useKernelsOfStep(left));
      const submitted = await scheduler.submit(training.records, recording, engine.trainingSteps + 1, most, take);
      stream?.submitted(submitted * stepSamples(settings));
      engine.trainingBegan(submitted);
      ofEpoch -= submitted;
      left -= submitted;
    }
    await scheduler.drain();
  }
  disposal.throwIfAborted();
  const points = found.map(({ loss, learningRate }, i) => ({
    learningRate: learningRate!,
    loss,
    smoothedLoss: meanOf(found, i - reach, i + reach + 1),
  }));
  return { points, ...suggest(points, reach), ended: ended ?? (signal?.aborted ? 'aborted' : 'complete') };
}

/** Number of steps on either side over which the loss is smoothed. */
const reachOf = (steps: number) => Math.max(1, Math.round(steps / 20));

/** Mean of the losses between two positions, as far as they exist. */
function meanOf(points: readonly { loss: number }[], from: number, to: number): number {
  const part = points.slice(Math.max(0, from), to);
  return part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
}

/** A rate counts as one that trains if the loss falls by at least this fraction. */
const leastFall = 0.02;

/**
 * The rate at which the smoothed loss falls fastest per logarithm of the rate, before its minimum (Smith 2017; fastai and
 * PyTorch Lightning read the curve the same way).
 *
 * @param reach number of steps on either side over which the slope is measured, the same as for smoothing.
 */
export function suggest(
  points: readonly LearningRatePoint[],
  reach: number,
): Pick<LearningRateCurve, 'suggestion' | 'reason'> {
  if (points.length <= 2 * reach) return { reason: `the sweep ended after ${points.length} steps, too few to read` };
  const losses = points.map(({ smoothedLoss }) => smoothedLoss);
  const lowest = losses.indexOf(Math.min(...losses));
  const [first, rateAtLowest] = [losses[0]!, points[lowest]!.learningRate];
  const highest = Math.max(...losses.slice(0, lowest + 1));
  if (highest - losses[lowest]! < leastFall * Math.abs(highest)) {
    return { reason: `no learning rate of the sweep lowered the loss, which began at ${figure(first)}` };
  }
  let steepest = { at: -1, slope: 0 };
  for (let i = reach; i <= lowest && i + reach < losses.length; i++) {
    const slope = losses[i + reach]! - losses[i - reach]!;
    if (slope < steepest.slope) steepest = { at: i, slope };
  }
  if (steepest.at < 0) return { reason: 'the loss rises from the first learning rates on: begin with a smaller one' };
  const suggestion = Number(points[steepest.at]!.learningRate.toPrecision(2));
  const ends = lowest + reach < losses.length - 1 ? ' and grows after that' : ', where the sweep ends';
  return {
    suggestion,
    reason:
      `the loss falls fastest at a learning rate of ${figure(suggestion)}; ` +
      `it is lowest, ${figure(losses[lowest])}, at ${figure(rateAtLowest)}${ends}`,
  };
}
