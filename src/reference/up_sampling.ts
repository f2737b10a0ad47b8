import type { UpSampling2dShape } from '../kernels/up_sampling.ts';

type Numbers = ArrayLike<number>;

/** The source pixels along an axis for an output pixel, with their weights. */
function sharesOf(s: UpSampling2dShape, o: number, factor: number, length: number): [index: number, share: number][] {
  if (s.interpolation === 'nearest') return [[Math.floor(o / factor), 1]];
  const at = (o + 0.5) / factor - 0.5;
  const below = Math.floor(at);
  const within = (i: number) => Math.min(Math.max(i, 0), length - 1);
  return [
    [within(below), 1 - (at - below)],
    [within(below + 1), at - below],
  ];
}

/** Visits every element of y with each contributing element of x and its weight. */
function visit(s: UpSampling2dShape, f: (y: number, x: number, weight: number) => void): void {
  const [height, width] = [s.height * s.sizeY, s.width * s.sizeX];
  for (let n = 0; n < s.batch; n++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        for (const [iy, weightY] of sharesOf(s, row, s.sizeY, s.height)) {
          for (const [ix, weightX] of sharesOf(s, column, s.sizeX, s.width)) {
            const y = ((n * height + row) * width + column) * s.channels;
            const x = ((n * s.height + iy) * s.width + ix) * s.channels;
            for (let c = 0; c < s.channels; c++) f(y + c, x + c, weightY * weightX);
          }
        }
      }
    }
  }
}

const elementsIn = (s: UpSampling2dShape) => s.batch * s.height * s.width * s.channels;

/** y[n,oy,ox,c] = x[n, oy/sizeY, ox/sizeX, c], or the weighted mean of the four pixels of x around it. */
export function upSampling2dForward(s: UpSampling2dShape, { x }: { x: Numbers }): { y: Float64Array } {
  const y = new Float64Array(elementsIn(s) * s.sizeY * s.sizeX);
  visit(s, (yi, xi, weight) => {
    y[yi]! += weight * x[xi]!;
  });
  return { y };
}

/** dx[n,iy,ix,c] = sum of dy * the weight of (iy,ix) in it. */
export function upSampling2dBackward(s: UpSampling2dShape, { dy }: { dy: Numbers }): { dx: Float64Array } {
  const dx = new Float64Array(elementsIn(s));
  visit(s, (yi, xi, weight) => {
    dx[xi]! += weight * dy[yi]!;
  });
  return { dx };
}
