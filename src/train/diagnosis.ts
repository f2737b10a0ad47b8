import { TrainingError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Memory, Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import type { History } from './history.ts';
import type { Steps } from './steps.ts';

/** Training stopped because its numbers were not finite. What was computed before is in `history`. */
export class NonFiniteError extends TrainingError {
  /** The first layer, in the order of computation, with a number that isn't finite. */
  readonly layer: string;
  readonly pass: 'forward' | 'loss' | 'gradient';
  history?: History;

  constructor(layer: string, pass: 'forward' | 'loss' | 'gradient', step: number, where: string) {
    super({
      what: `Training stopped at step ${step}: ${where}`,
      found: `numbers that are not finite, in the ${pass} pass of ${layer}`,
      wanted: 'finite losses and gradients; a bad step is skipped, three in a row end the run',
      fix: 'lower the learning rate, scale the inputs (images / 255) or start from other weights',
    });
    this.layer = layer;
    this.pass = pass;
  }
}

/**
 * Finds where the last step's numbers first went wrong. A skipped step left the weights alone and the ones behind it
 * repeat its buffers, so what it computed is still there: images, then weights and outputs from the first layer on, then
 * gradients from the last layer back.
 */
export async function diagnose(gpu: Gpu, memory: Memory, steps: Steps, step: number): Promise<NonFiniteError> {
  const { input, traces } = steps.network;
  const isBad = async (slices: Slice[]) => (await readSlices(gpu, memory, slices)).map(hasNonFinite);
  const [images] = await isBad([input]);
  if (images) return new NonFiniteError(traces[0]!.layer, 'forward', step, 'an image of the batch is not finite');
  for (const trace of traces) {
    const [output, ...weights] = await isBad([trace.output, ...trace.weights]);
    if (weights.includes(true))
      return new NonFiniteError(trace.layer, 'forward', step, `a weight of ${trace.layer} is not finite`);
    if (output)
      return new NonFiniteError(trace.layer, 'forward', step, `${trace.layer} gave an output that is not finite`);
  }
  for (const trace of [...traces].reverse()) {
    const gradients = await readSlices(gpu, memory, trace.gradients);
    if (gradients.some(hasNonFinite))
      return new NonFiniteError(trace.layer, 'gradient', step, `the gradient of ${trace.layer} is not finite`);
    if (gradients.some(overflows))
      return new NonFiniteError(trace.layer, 'gradient', step, `the gradient of ${trace.layer} is too large to square`);
  }
  const last = traces.at(-1)!.layer;
  return new NonFiniteError(last, 'loss', step, 'the loss is not finite');
}

/** Beyond what a float32 can hold of the sum of squares: gradient_norm_reduce skips such a step. */
function overflows(bytes: ArrayBuffer): boolean {
  const squares = new Float32Array(bytes).reduce((sum, value) => sum + value * value, 0);
  return !Number.isFinite(Math.fround(squares));
}

function hasNonFinite(bytes: ArrayBuffer): boolean {
  return new Float32Array(bytes).some((value) => !Number.isFinite(value));
}
