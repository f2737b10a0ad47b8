import type { Conv2dShape } from '../kernels/conv2d.ts';
import { activate, derivative } from './activation.ts';
import { maxPoolBackward, maxPoolForward } from './max_pool.ts';

type Numbers = ArrayLike<number>;

/** Called for each product of a convolution, with the indices of its elements of x, w and y. */
type Visit = (x: number, w: number, y: number) => void;

/**
 * Visits every (n, oy, ox, co, kh, kw, ci) whose element of x isn't padding. The three passes differ only in what they sum. With
 * groups, ci counts within the group of co: the kernel is [kernelHeight, kernelWidth, inChannels / groups, outChannels].
 */
function visitProducts(s: Conv2dShape, visit: Visit): void {
  const { dilationY = 1, dilationX = 1, groups = 1 } = s;
  const groupIn = s.inChannels / groups;
  const groupOut = s.outChannels / groups;
  for (let n = 0; n < s.batch; n++) {
    for (let oy = 0; oy < s.outHeight; oy++) {
      for (let ox = 0; ox < s.outWidth; ox++) {
        const y = ((n * s.outHeight + oy) * s.outWidth + ox) * s.outChannels;
        for (let kh = 0; kh < s.kernelHeight; kh++) {
          const iy = oy * s.strideY + kh * dilationY - s.padTop;
          if (iy < 0 || iy >= s.inHeight) continue;
          for (let kw = 0; kw < s.kernelWidth; kw++) {
            const ix = ox * s.strideX + kw * dilationX - s.padLeft;
            if (ix < 0 || ix >= s.inWidth) continue;
            const x = ((n * s.inHeight + iy) * s.inWidth + ix) * s.inChannels;
            const w = (kh * s.kernelWidth + kw) * groupIn * s.outChannels;
            for (let g = 0; g < groups; g++) {
              for (let ci = 0; ci < groupIn; ci++) {
                const [xi, wi] = [x + g * groupIn + ci, w + ci * s.outChannels];
                for (let co = g * groupOut; co < (g + 1) * groupOut; co++) visit(xi, wi + co, y + co);
              }
            }
          }
        }
      }
    }
  }
}

const elementsIn = (s: Conv2dShape) => s.batch * s.inHeight * s.inWidth * s.inChannels;
const elementsOut = (s: Conv2dShape) => s.batch * s.outHeight * s.outWidth * s.outChannels;
const weights = (s: Conv2dShape) => (s.kernelHeight * s.kernelWidth * s.inChannels * s.outChannels) / (s.groups ?? 1);

/** The 2x2 pool of stride 2 that `pooled` stands for. */
export const poolOf = (s: Conv2dShape) => ({
  batch: s.batch,
  inHeight: s.outHeight,
  inWidth: s.outWidth,
  channels: s.outChannels,
  outHeight: Math.floor(s.outHeight / 2),
  outWidth: Math.floor(s.outWidth / 2),
  poolHeight: 2,
  poolWidth: 2,
  strideY: 2,
  strideX: 2,
  padTop: 0,
  padLeft: 0,
});

/**
 * y[n,oy,ox,co] = act(b[co] + sum over kh,kw,ci of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * w[kh,kw,ci,co])
 *
 * With dilation, kh and kw step by dilationY rows and dilationX columns of x.
 *
 * With `pooled`, y and argmax are those of the pool after the convolution. The pool compares the sums before the activation, as the
 * shader does. Activations are monotonic, so y is the same; if relu makes a whole window 0, no gradient passes.
 */
export function conv2dForward(
  s: Conv2dShape,
  { x, w, b }: { x: Numbers; w: Numbers; b?: Numbers },
): { y: Float64Array; argmax?: Uint8Array } {
  const z = new Float64Array(elementsOut(s));
  visitProducts(s, (xi, wi, yi) => {
    z[yi]! += x[xi]! * w[wi]!;
  });
  if (s.useBias) for (let i = 0; i < z.length; i++) z[i]! += b![i % s.outChannels]!;
  if (!s.pooled) return { y: z.map((value) => activate(s.activation, value)) };
  const pool = maxPoolForward(poolOf(s), { x: z });
  return { y: pool.y.map((value) => activate(s.activation, value)), argmax: pool.argmax };
}

/**
 * dx[n,iy,ix,ci] = act'(x) * sum over kh,kw,co of dy[n, (iy+top-kh)/sy, (ix+left-kw)/sx, co] * w[kh,kw,ci,co]
 *
 * act is `inActivation`, the activation that produced x. dy is the gradient before this layer's activation, and has the shape of
 * the convolution's output whether a pool follows or not.
 */
export function conv2dBackwardX(
  s: Conv2dShape,
  { w, dy, x }: { w: Numbers; dy: Numbers; x?: Numbers },
): { dx: Float64Array } {
  const dx = new Float64Array(elementsIn(s));
  visitProducts(s, (xi, wi, yi) => {
    dx[xi]! += dy[yi]! * w[wi]!;
  });
  if (s.inActivation !== 'linear') for (let i = 0; i < dx.length; i++) dx[i]! *= derivative(s.inActivation, x![i]!);
  return { dx };
}

/**
 * dw[kh,kw,ci,co] = sum over n,oy,ox of x[n, oy*sy+kh-top, ox*sx+kw-left, ci] * dy[n,oy,ox,co];  db[co] = sum of dy
 *
 * dy is the gradient before this layer's activation. With `pooled`, dy and argmax are the pool's. Returns the complete sum, which
 * the kernel divides into `parts`.
 */
export function conv2dBackwardW(
  s: Conv2dShape,
  { x, dy, argmax }: { x: Numbers; dy: Numbers; argmax?: Uint8Array },
): { dw: Float64Array; db: Float64Array } {
  const dz = s.pooled ? maxPoolBackward(poolOf(s), { dy, argmax: argmax! }).dx : dy;
  const dw = new Float64Array(weights(s));
  visitProducts(s, (xi, wi, yi) => {
    dw[wi]! += x[xi]! * dz[yi]!;
  });
  const db = new Float64Array(s.outChannels);
  for (let i = 0; i < dz.length; i++) db[i % s.outChannels]! += dz[i]!;
  return { dw, db };
}
