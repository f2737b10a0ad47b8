import type { AveragePoolShape } from '../kernels/average_pool.ts';
import { derivative } from './activation.ts';

type Numbers = ArrayLike<number>;

/** Visits every element of y with each element of x in its window, and their number: padding isn't counted. */
function visitWindows(s: AveragePoolShape, visit: (y: number, x: number, size: number) => void): void {
  for (let n = 0; n < s.batch; n++) {
    for (let oy = 0; oy < s.outHeight; oy++) {
      for (let ox = 0; ox < s.outWidth; ox++) {
        const pixels: number[] = [];
        for (let i = 0; i < s.poolHeight; i++) {
          for (let j = 0; j < s.poolWidth; j++) {
            const [iy, ix] = [oy * s.strideY + i - s.padTop, ox * s.strideX + j - s.padLeft];
            if (iy < 0 || iy >= s.inHeight || ix < 0 || ix >= s.inWidth) continue;
            pixels.push((n * s.inHeight + iy) * s.inWidth + ix);
          }
        }
        const y = ((n * s.outHeight + oy) * s.outWidth + ox) * s.channels;
        for (const pixel of pixels) {
          for (let c = 0; c < s.channels; c++) visit(y + c, pixel * s.channels + c, pixels.length);
        }
      }
    }
  }
}

/** y[n,oy,ox,c] = mean over i,j of x[n, oy*sy+i-top, ox*sx+j-left, c], excluding padding. */
export function averagePoolForward(s: AveragePoolShape, { x }: { x: Numbers }): { y: Float64Array } {
  const y = new Float64Array(s.batch * s.outHeight * s.outWidth * s.channels);
  visitWindows(s, (yi, xi, size) => {
    y[yi]! += x[xi]! / size;
  });
  return { y };
}

/** dx[n,iy,ix,c] = act'(x) * sum of dy[n,oy,ox,c] / size over the windows that contain (iy,ix); act is `inActivation`. */
export function averagePoolBackward(
  s: AveragePoolShape,
  { dy, x }: { dy: Numbers; x?: Numbers | undefined },
): { dx: Float64Array } {
  const dx = new Float64Array(s.batch * s.inHeight * s.inWidth * s.channels);
  visitWindows(s, (yi, xi, size) => {
    dx[xi]! += dy[yi]! / size;
  });
  return {
    dx: s.inActivation === 'linear' ? dx : dx.map((g, i) => (g === 0 ? 0 : g * derivative(s.inActivation, x![i]!))),
  };
}
