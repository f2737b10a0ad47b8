import type { LayerSummary } from '../model/summary.ts';
import { product } from '../product.ts';
import { type Plan, stepsPerEpoch } from './run_length.ts';

/** How long a run takes: from what its network computes, until its own steps have been timed. */

/**
 * On SwiftShader with two cores: the tutorial's step does 5.1e9 operations a second; and what a step costs whose network
 * computes next to nothing.
 */
const software = { operationsPerSecond: 5e9, stepMs: 6 };
/** Forward, and backward for the weights and for the inputs; a validation image goes forward alone. */
const passes = { training: 3, validation: 1 };
/** The first steps wait for caches, and come in bursts. */
export const timedAfterSteps = 20;

/** Milliseconds of a step on a software adapter, estimated from the network's multiply-adds. */
export function estimatedStepMs(layers: readonly LayerSummary[], batchSize: number): number {
  // Each weight is used once for each place of the output.
  const multiplyAdds = layers.reduce((sum, { parameters, outputShape }) => {
    const places = product(outputShape.slice(0, -1));
    return sum + parameters * places;
  }, 0);
  const operations = 2 * multiplyAdds * passes.training * batchSize;
  return (1000 * operations) / software.operationsPerSecond + software.stepMs;
}

/** Seconds of a run whose steps take so long, validation included. */
export function runSeconds(plan: Plan, batchSize: number, stepMs: number): number {
  const validationSteps = (plan.testSamples / batchSize) * (passes.validation / passes.training);
  return (plan.epochs * (stepsPerEpoch(plan, batchSize) + validationSteps) * stepMs) / 1000;
}

/** "about 70 seconds": no more digits than an estimate has. */
export function aboutSeconds(seconds: number): string {
  if (seconds < 10) return 'a few seconds';
  if (seconds < 90) return `about ${5 * Math.round(seconds / 5)} seconds`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} minutes`;
  return `about ${Number((seconds / 3600).toPrecision(2))} hours`;
}
