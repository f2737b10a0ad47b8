import type { Conv2dTransposeShape } from '../kernels/conv2d_transpose.ts';
import { activate, derivative } from './activation.ts';

type Numbers = ArrayLike<number>;

/** Visits every (n, iy, ix, ci, kh, kw, co) whose element of y isn't cropped. The three passes differ only in what they sum. */
function visitProducts(s: Conv2dTransposeShape, visit: (x: number, w: number, y: number) => void): void {
  const { dilationY = 1, dilationX = 1 } = s;
  for (let n = 0; n < s.batch; n++) {
    for (let iy = 0; iy < s.inHeight; iy++) {
      for (let ix = 0; ix < s.inWidth; ix++) {
        const x = ((n * s.inHeight + iy) * s.inWidth + ix) * s.inChannels;
        for (let kh = 0; kh < s.kernelHeight; kh++) {
          const oy = iy * s.strideY + kh * dilationY - s.padTop;
          if (oy < 0 || oy >= s.outHeight) continue;
          for (let kw = 0; kw < s.kernelWidth; kw++) {
            const ox = ix * s.strideX + kw * dilationX - s.padLeft;
            if (ox < 0 || ox >= s.outWidth) continue;
            const y = ((n * s.outHeight + oy) * s.outWidth + ox) * s.outChannels;
            const w = (kh * s.kernelWidth + kw) * s.outChannels * s.inChannels;
            for (let co = 0; co < s.outChannels; co++) {
              for (let ci = 0; ci < s.inChannels; ci++) visit(x + ci, w + co * s.inChannels + ci, y + co);
            }
          }
        }
      }
    }
  }
}

/** y[n, iy*sy+kh-top, ix*sx+kw-left, co] = act(b[co] + sum over iy,ix,kh,kw,ci of x[n,iy,ix,ci] * w[kh,kw,co,ci]) */
export function conv2dTransposeForward(
  s: Conv2dTransposeShape,
  { x, w, b }: { x: Numbers; w: Numbers; b?: Numbers },
): { y: Float64Array } {
  const z = new Float64Array(s.batch * s.outHeight * s.outWidth * s.outChannels);
  visitProducts(s, (xi, wi, yi) => {
    z[yi]! += x[xi]! * w[wi]!;
  });
  if (s.useBias) for (let i = 0; i < z.length; i++) z[i]! += b![i % s.outChannels]!;
  return { y: z.map((value) => activate(s.activation, value)) };
}

/**
 * dx[n,iy,ix,ci] = act'(x) * sum over kh,kw,co of dy[n, iy*sy+kh-top, ix*sx+kw-left, co] * w[kh,kw,co,ci]
 *
 * act is `inActivation`, the activation that produced x; dy is the gradient before this layer's activation.
 */
export function conv2dTransposeBackwardX(
  s: Conv2dTransposeShape,
  { w, dy, x }: { w: Numbers; dy: Numbers; x?: Numbers },
): { dx: Float64Array } {
  const dx = new Float64Array(s.batch * s.inHeight * s.inWidth * s.inChannels);
  visitProducts(s, (xi, wi, yi) => {
    dx[xi]! += dy[yi]! * w[wi]!;
  });
  if (s.inActivation !== 'linear') for (let i = 0; i < dx.length; i++) dx[i]! *= derivative(s.inActivation, x![i]!);
  return { dx };
}

/**
 * dw[kh,kw,co,ci] = sum over n,iy,ix of x[n,iy,ix,ci] * dy[n, iy*sy+kh-top, ix*sx+kw-left, co];  db[co] = sum of dy
 *
 * dy is the gradient before this layer's activation. Returns the complete sum, which the kernel divides into `parts`.
 */
export function conv2dTransposeBackwardW(
  s: Conv2dTransposeShape,
  { x, dy }: { x: Numbers; dy: Numbers },
): { dw: Float64Array; db: Float64Array } {
  const dw = new Float64Array(s.kernelHeight * s.kernelWidth * s.outChannels * s.inChannels);
  visitProducts(s, (xi, wi, yi) => {
    dw[wi]! += x[xi]! * dy[yi]!;
  });
  const db = new Float64Array(s.outChannels);
  for (let i = 0; i < dy.length; i++) db[i % s.outChannels]! += dy[i]!;
  return { dw, db };
}
