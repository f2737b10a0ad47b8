import type { LayerSummary } from '../model/summary.ts';
import { product } from '../product.ts';
import { type Plan, stepsPerEpoch } from './run_length.ts';

/** Estimates how long a run takes: from the network's arithmetic, until its own steps have been timed. */

/**
 * Measured on SwiftShader with two cores: the tutorial's step runs 5.1e9 operations per second; stepMs is the cost of a step
 * whose network computes next to nothing.
 */
const software = { operationsPerSecond: 5e9, stepMs: 6 };
/** Training runs forward, backward for the weights and backward for the inputs; validation runs forward only. */
const passes = { training: 3, validation: 1 };
/** The first steps wait for caches, arrive in bursts, and run before or while the kernels of long runs are compiled: kernel_upgrades.ts. */
export const timedAfterSteps = 80;

/** Milliseconds per step on a software adapter, estimated from the network's multiply-adds. */
export function estimatedStepMs(layers: readonly LayerSummary[], batchSize: number): number {
  // Each weight is used once per pixel of the output.
  const multiplyAdds = layers.reduce((sum, { parameters, outputShape }) => {
    const places = product(outputShape.slice(0, -1));
    return sum + parameters * places;
  }, 0);
  const operations = 2 * multiplyAdds * passes.training * batchSize;
  return (1000 * operations) / software.operationsPerSecond + software.stepMs;
}

/** Seconds that a run takes with the given step time, validation included. */
export function runSeconds(plan: Plan, batchSize: number, stepMs: number): number {
  const validationSteps = (plan.testSamples / batchSize) * (passes.validation / passes.training);
  return (plan.epochs * (stepsPerEpoch(plan, batchSize) + validationSteps) * stepMs) / 1000;
}

/** "about 70 seconds": no more digits than an estimate justifies. */
export function aboutSeconds(seconds: number): string {
  if (seconds < 10) return 'a few seconds';
  if (seconds < 90) return `about ${5 * Math.round(seconds / 5)} seconds`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} minutes`;
  return `about ${Number((seconds / 3600).toPrecision(2))} hours`;
}
