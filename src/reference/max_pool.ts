import type { MaxPoolShape } from '../kernels/max_pool.ts';

type Numbers = ArrayLike<number>;

/** Visits every (n, oy, ox, c, i, j) whose element of x isn't padding, in row-major order of the window. */
function visitWindows(s: MaxPoolShape, visit: (x: number, place: number, y: number) => void): void {
  for (let n = 0; n < s.batch; n++) {
    for (let oy = 0; oy < s.outHeight; oy++) {
      for (let ox = 0; ox < s.outWidth; ox++) {
        for (let i = 0; i < s.poolHeight; i++) {
          const iy = oy * s.strideY + i - s.padTop;
          if (iy < 0 || iy >= s.inHeight) continue;
          for (let j = 0; j < s.poolWidth; j++) {
            const ix = ox * s.strideX + j - s.padLeft;
            if (ix < 0 || ix >= s.inWidth) continue;
            const x = ((n * s.inHeight + iy) * s.inWidth + ix) * s.channels;
            const y = ((n * s.outHeight + oy) * s.outWidth + ox) * s.channels;
            for (let c = 0; c < s.channels; c++) visit(x + c, i * s.poolWidth + j, y + c);
          }
        }
      }
    }
  }
}

/**
 * y[n,oy,ox,c] = max over i,j of x[n, oy*sy+i-top, ox*sx+j-left, c];  argmax[n,oy,ox,c] = i*poolWidth+j of the first maximum
 *
 * Padding never is the maximum, a NaN always is. `argmax` has one byte per element: the bytes of the words that the shader packs.
 */
export function maxPoolForward(s: MaxPoolShape, { x }: { x: Numbers }): { y: Float64Array; argmax: Uint8Array } {
  const elements = s.batch * s.outHeight * s.outWidth * s.channels;
  const y = new Float64Array(elements).fill(-Infinity);
  const argmax = new Uint8Array(elements);
  const empty = new Uint8Array(elements).fill(1);
  visitWindows(s, (xi, place, yi) => {
    const value = x[xi]!;
    if (!(value > y[yi]! || Number.isNaN(value) || empty[yi])) return;
    y[yi] = value;
    argmax[yi] = place;
    empty[yi] = 0;
  });
  return { y, argmax };
}

/** dx[n,iy,ix,c] = sum of dy[n,oy,ox,c] over the windows (oy,ox) that contain (iy,ix) as their maximum. */
export function maxPoolBackward(
  s: MaxPoolShape,
  { dy, argmax }: { dy: Numbers; argmax: Uint8Array },
): { dx: Float64Array } {
  const dx = new Float64Array(s.batch * s.inHeight * s.inWidth * s.channels);
  visitWindows(s, (xi, place, yi) => {
    if (argmax[yi] === place) dx[xi]! += dy[yi]!;
  });
  return { dx };
}
