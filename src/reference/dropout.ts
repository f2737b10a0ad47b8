import type { DropoutShape, GaussianNoiseShape, RandomLayerShape } from '../kernels/dropout.ts';
import { normal } from './augment_pixels.ts';
import { philox } from './random.ts';
import type { State } from './step.ts';

type Numbers = ArrayLike<number>;

/** Second key word for the random numbers of layers. */
const layersKey = 0x80000000;

/** The random word of an element or channel of a sample, keyed by (seed, epoch, position of the sample in its epoch, layer). */
function wordOf({ layer }: RandomLayerShape, state: State, sample: number, element: number): number {
  const counter = [Math.floor(element / 4), state.start! + sample, state.epoch!, layer];
  return philox(counter, [state.seed!, layersKey])[element % 4]!;
}

/** The mask of a batch: true for elements that are kept. */
export function dropoutMask(s: DropoutShape, state: State): boolean[] {
  return Array.from({ length: s.batch * s.elements }, (_, at) => {
    const [sample, element] = [Math.floor(at / s.elements), at % s.elements];
    const drawnFor = s.spatialChannels === undefined ? element : element % s.spatialChannels;
    return wordOf(s, state, sample, drawnFor) >= Math.round(s.rate * 2 ** 32);
  });
}

/** y[n,e] = x[n,e] / (1 - rate) where the mask keeps e, else 0 */
export function dropoutForward(s: DropoutShape, { x, state }: { x: Numbers; state: State }): { y: Float64Array } {
  return { y: Float64Array.from(dropoutMask(s, state), (kept, i) => (kept ? x[i]! / (1 - s.rate) : 0)) };
}

/** dx[n,e] = dy[n,e] / (1 - rate) where the mask keeps e, else 0 */
export function dropoutBackward(s: DropoutShape, { dy, state }: { dy: Numbers; state: State }): { dx: Float64Array } {
  return { dx: dropoutForward(s, { x: dy, state }).y };
}

/** y[n,e] = x[n,e] + standardDeviation * z[n,e], where z is standard normal. */
export function gaussianNoise(s: GaussianNoiseShape, { x, state }: { x: Numbers; state: State }): { y: Float64Array } {
  const y = Float64Array.from(x, (value, at) => {
    const word = wordOf(s, state, Math.floor(at / s.elements), at % s.elements);
    return value + s.standardDeviation * normal(((word >>> 9) + 0.5) / 2 ** 23);
  });
  return { y };
}
