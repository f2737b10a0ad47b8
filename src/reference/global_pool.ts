import type { GlobalPoolShape } from '../kernels/global_pool.ts';
import { derivative } from './activation.ts';

type Numbers = ArrayLike<number>;

/** Visits every element of x with the element of y that it contributes to, pixel by pixel. */
function visit(s: GlobalPoolShape, f: (x: number, y: number, pixel: number) => void): void {
  for (let n = 0; n < s.batch; n++) {
    for (let p = 0; p < s.pixels; p++) {
      for (let c = 0; c < s.channels; c++) f((n * s.pixels + p) * s.channels + c, n * s.channels + c, p);
    }
  }
}

/** Multiplies the gradient by the derivative of the activation that produced x. */
function throughActivation(s: GlobalPoolShape, dx: Float64Array, x: Numbers | undefined): Float64Array {
  if (s.inActivation === 'linear') return dx;
  return dx.map((gradient, i) => (gradient === 0 ? 0 : gradient * derivative(s.inActivation, x![i]!)));
}

/** y[n,c] = sum over pixels p of x[n,p,c] / pixels */
export function globalAveragePoolForward(s: GlobalPoolShape, { x }: { x: Numbers }): { y: Float64Array } {
  const y = new Float64Array(s.batch * s.channels);
  visit(s, (xi, yi) => {
    y[yi]! += x[xi]!;
  });
  return { y: y.map((sum) => sum / s.pixels) };
}

/** dx[n,p,c] = act'(x[n,p,c]) * dy[n,c] / pixels, where act is `inActivation`. */
export function globalAveragePoolBackward(
  s: GlobalPoolShape,
  { dy, x }: { dy: Numbers; x?: Numbers | undefined },
): { dx: Float64Array } {
  const dx = new Float64Array(s.batch * s.pixels * s.channels);
  visit(s, (xi, yi) => {
    dx[xi] = dy[yi]! / s.pixels;
  });
  return { dx: throughActivation(s, dx, x) };
}

/** y[n,c] = max over pixels p of x[n,p,c];  argmax[n,c] = the first p with the maximum. NaN propagates. */
export function globalMaxPoolForward(
  s: GlobalPoolShape,
  { x }: { x: Numbers },
): { y: Float64Array; argmax: Uint32Array } {
  const y = new Float64Array(s.batch * s.channels);
  const argmax = new Uint32Array(s.batch * s.channels);
  visit(s, (xi, yi, pixel) => {
    const value = x[xi]!;
    if (!(pixel === 0 || value > y[yi]! || Number.isNaN(value))) return;
    y[yi] = value;
    argmax[yi] = pixel;
  });
  return { y, argmax };
}

/** dx[n,p,c] = act'(x[n,p,c]) * dy[n,c] if p = argmax[n,c], otherwise 0; act is `inActivation`. */
export function globalMaxPoolBackward(
  s: GlobalPoolShape,
  { dy, argmax, x }: { dy: Numbers; argmax: Uint32Array; x?: Numbers | undefined },
): { dx: Float64Array } {
  const dx = new Float64Array(s.batch * s.pixels * s.channels);
  visit(s, (xi, yi, pixel) => {
    if (argmax[yi] === pixel) dx[xi] = dy[yi]!;
  });
  return { dx: throughActivation(s, dx, x) };
}
