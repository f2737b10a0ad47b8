import type { Gpu } from '../gpu/device.ts';
import type { Memory, Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import type { Pass } from '../health/health.ts';
import type { BoundSteps } from '../plan/steps.ts';
import { NonFiniteError } from './diagnosis.ts';
import type { Engine } from './engine.ts';
import type { FitRecords, Place } from './fit_records.ts';

/**
 * Finds where the last step's numbers first stopped being finite. A skipped step doesn't change the weights, and the steps
 * after it repeat its numbers, so its buffers are intact. They are searched in this order: updated weights, images, weights and
 * outputs from the first layer to the last, gradients from the last layer to the first.
 *
 * @param step the step at which training stopped.
 * @param updated the last step whose update changed the weights; undefined if the host has replaced them since.
 */
export async function diagnose(
  gpu: Gpu,
  memory: Memory,
  { network: { input, traces }, lossScale }: BoundSteps,
  step: number,
  updated: number | undefined,
): Promise<NonFiniteError> {
  const isBad = async (slices: Slice[]) =>
    (await readSlices(gpu, memory, slices)).map((bytes, i) =>
      slices[i]!.half ? hasNonFiniteHalf(bytes) : hasNonFinite(bytes),
    );
  const error = (layer: string, pass: Pass, where: string) =>
    new NonFiniteError({ layer, pass, step }, step, where, adviceOf(lossScale, pass));
  if (updated !== undefined) {
    for (const { layer, weights } of traces) {
      if (!(await isBad(weights)).includes(true)) continue;
      const where = `the update of step ${updated} left a weight of ${layer} that is not finite`;
      return new NonFiniteError({ layer, pass: 'update', step: updated }, step, where);
    }
  }
  const [images] = await isBad([input]);
  if (images) return error(traces[0]!.layer, 'forward', 'an image of the batch is not finite');
  for (const { layer, output, weights } of traces) {
    const [gave, ...own] = await isBad([output, ...weights]);
    if (own.includes(true)) return error(layer, 'forward', `a weight of ${layer} is not finite`);
    if (gave) return error(layer, 'forward', `${layer} gave an output that is not finite`);
  }
  for (const { layer, gradients: ofLayer } of [...traces].reverse()) {
    const gradients = await readSlices(gpu, memory, ofLayer);
    if (gradients.some(hasNonFinite)) return error(layer, 'gradient', `the gradient of ${layer} is not finite`);
    if (gradients.some(overflows)) return error(layer, 'gradient', `the gradient of ${layer} is too large to square`);
  }
  return error(traces.at(-1)!.layer, 'loss', 'the loss is not finite');
}

/** What to change if the numbers may only have been too large for float16, which ends at 65,504. */
const adviceOf = (lossScale: BoundSteps['lossScale'], pass: Pass): string | undefined =>
  lossScale === undefined
    ? undefined
    : pass === 'forward' || lossScale === 'dynamic'
      ? "set activationStorage: 'float32', because float16 ends at 65,504"
      : `lower lossScale, which is ${lossScale}, because float16 ends at 65,504; or set activationStorage: 'float32'`;

/** The error of a run that ends because of such numbers, with its history. */
export async function diagnoseRun(
  engine: Engine,
  { history, step, offset }: FitRecords,
  { stepsBefore }: Place,
): Promise<NonFiniteError> {
  const { gpu, memory, steps, lastUpdate = 0 } = engine;
  const last = lastUpdate - offset;
  const error = await diagnose(gpu, memory, steps, step, last > stepsBefore ? last : undefined);
  error.history = history;
  engine.resetHalt(steps.training);
  return error;
}

/** True if the sum of squares exceeds the largest float32, in which case gradient_norm_reduce skips the step. */
function overflows(bytes: ArrayBuffer): boolean {
  const squares = new Float32Array(bytes).reduce((sum, value) => sum + value * value, 0);
  return !Number.isFinite(Math.fround(squares));
}

function hasNonFinite(bytes: ArrayBuffer): boolean {
  return new Float32Array(bytes).some((value) => !Number.isFinite(value));
}

/** In float16, the exponent of infinity and NaN has only ones. */
const hasNonFiniteHalf = (bytes: ArrayBuffer) => new Uint16Array(bytes).some((bits) => (bits & 0x7c00) === 0x7c00);
