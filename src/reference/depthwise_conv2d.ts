import type { DepthwiseConv2dShape } from '../kernels/depthwise_conv2d.ts';
import { activate, derivative } from './activation.ts';

type Numbers = ArrayLike<number>;

/** Visits every (n, oy, ox, c, m, kh, kw) whose element of x isn't padding. The three passes differ only in what they sum. */
function visitProducts(s: DepthwiseConv2dShape, visit: (x: number, w: number, y: number) => void): void {
  const { dilationY = 1, dilationX = 1, channels, multiplier } = s;
  for (let n = 0; n < s.batch; n++) {
    for (let oy = 0; oy < s.outHeight; oy++) {
      for (let ox = 0; ox < s.outWidth; ox++) {
        const y = ((n * s.outHeight + oy) * s.outWidth + ox) * channels * multiplier;
        for (let kh = 0; kh < s.kernelHeight; kh++) {
          const iy = oy * s.strideY + kh * dilationY - s.padTop;
          if (iy < 0 || iy >= s.inHeight) continue;
          for (let kw = 0; kw < s.kernelWidth; kw++) {
            const ix = ox * s.strideX + kw * dilationX - s.padLeft;
            if (ix < 0 || ix >= s.inWidth) continue;
            const x = ((n * s.inHeight + iy) * s.inWidth + ix) * channels;
            const w = (kh * s.kernelWidth + kw) * channels * multiplier;
            for (let c = 0; c < channels; c++) {
              for (let m = 0; m < multiplier; m++) visit(x + c, w + c * multiplier + m, y + c * multiplier + m);
            }
          }
        }
      }
    }
  }
}

const outChannels = (s: DepthwiseConv2dShape) => s.channels * s.multiplier;

/** y[n,oy,ox,c*multiplier+m] = act(b + sum over kh,kw of x[n, oy*sy+kh-top, ox*sx+kw-left, c] * w[kh,kw,c,m]) */
export function depthwiseConv2dForward(
  s: DepthwiseConv2dShape,
  { x, w, b }: { x: Numbers; w: Numbers; b?: Numbers },
): { y: Float64Array } {
  const z = new Float64Array(s.batch * s.outHeight * s.outWidth * outChannels(s));
  visitProducts(s, (xi, wi, yi) => {
    z[yi]! += x[xi]! * w[wi]!;
  });
  if (s.useBias) for (let i = 0; i < z.length; i++) z[i]! += b![i % outChannels(s)]!;
  return { y: z.map((value) => activate(s.activation, value)) };
}

/**
 * dx[n,iy,ix,c] = act'(x) * sum over kh,kw,m of dy[n, (iy+top-kh)/sy, (ix+left-kw)/sx, c*multiplier+m] * w[kh,kw,c,m]
 *
 * act is `inActivation`, the activation that produced x; dy is the gradient before this layer's activation.
 */
export function depthwiseConv2dBackwardX(
  s: DepthwiseConv2dShape,
  { w, dy, x }: { w: Numbers; dy: Numbers; x?: Numbers },
): { dx: Float64Array } {
  const dx = new Float64Array(s.batch * s.inHeight * s.inWidth * s.channels);
  visitProducts(s, (xi, wi, yi) => {
    dx[xi]! += dy[yi]! * w[wi]!;
  });
  if (s.inActivation !== 'linear') for (let i = 0; i < dx.length; i++) dx[i]! *= derivative(s.inActivation, x![i]!);
  return { dx };
}

/**
 * dw[kh,kw,c,m] = sum over n,oy,ox of x[n, oy*sy+kh-top, ox*sx+kw-left, c] * dy[n,oy,ox,c*multiplier+m];  db = sum of dy
 *
 * dy is the gradient before this layer's activation. Returns the complete sum, which the kernel divides into `parts`.
 */
export function depthwiseConv2dBackwardW(
  s: DepthwiseConv2dShape,
  { x, dy }: { x: Numbers; dy: Numbers },
): { dw: Float64Array; db: Float64Array } {
  const dw = new Float64Array(s.kernelHeight * s.kernelWidth * outChannels(s));
  visitProducts(s, (xi, wi, yi) => {
    dw[wi]! += x[xi]! * dy[yi]!;
  });
  const db = new Float64Array(outChannels(s));
  for (let i = 0; i < dy.length; i++) db[i % db.length]! += dy[i]!;
  return { dw, db };
}
