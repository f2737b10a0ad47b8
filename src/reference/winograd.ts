import type { Conv2dShape } from '../kernels/conv2d.ts';
import { poolOf } from './conv2d.ts';
import { maxPoolBackward } from './max_pool.ts';

type Numbers = ArrayLike<number>;
type Matrix = readonly (readonly number[])[];

// The absolute values of the matrices of Winograd's F(2, 3): y = A^T ((G g) * (B^T d)) for two outputs y of three taps g over four
// inputs d, where * multiplies elementwise.
const ofInputs: Matrix = [
  [1, 0, 1, 0],
  [0, 1, 1, 0],
  [0, 1, 1, 0],
  [0, 1, 0, 1],
];
const ofTaps: Matrix = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, 0.5, 0.5],
  [0, 0, 1],
];
const ofProducts: Matrix = [
  [1, 1, 1, 0],
  [0, 1, 1, 1],
];

const transposed = (m: Matrix): Matrix => m[0]!.map((_, column) => m.map((row) => row[column]!));

/** m t m^T for a square tile t, both row by row. */
function transform(m: Matrix, tile: Numbers): number[] {
  const size = m[0]!.length;
  return m.flatMap((rows) =>
    m.map((columns) => {
      let sum = 0;
      for (let r = 0; r < size; r++) {
        for (let c = 0; c < size; c++) sum += rows[r]! * columns[c]! * tile[r * size + c]!;
      }
      return sum;
    }),
  );
}

/** The square tile of an NHWC tensor's absolute values whose first pixel is (row, column); zero outside of the image. */
function tileOf(
  values: Numbers,
  { height, width, channels }: { height: number; width: number; channels: number },
  { n, row, column, channel, size }: { n: number; row: number; column: number; channel: number; size: number },
): number[] {
  return Array.from({ length: size * size }, (_, i) => {
    const [r, c] = [row + Math.floor(i / size), column + (i % size)];
    if (r < 0 || c < 0 || r >= height || c >= width) return 0;
    return Math.abs(values[((n * height + r) * width + c) * channels + channel]!);
  });
}

/** Calls back with the first output pixel of each 2x2 tile. */
function visitTiles(s: Conv2dShape, visit: (n: number, row: number, column: number) => void): void {
  for (let n = 0; n < s.batch; n++) {
    for (let row = 0; row < s.outHeight; row += 2) {
      for (let column = 0; column < s.outWidth; column += 2) visit(n, row, column);
    }
  }
}

const sizeOfX = (s: Conv2dShape) => ({ height: s.inHeight, width: s.inWidth, channels: s.inChannels });

/**
 * sum|terms| of each output of a 3x3 convolution without stride, as Winograd's algorithm adds it up: the absolute values of inputs and
 * kernel go through the absolute values of its matrices. It exceeds the sum of the products' absolute values, because terms that cancel
 * each other are counted too.
 */
export function winogradForwardMagnitude(
  s: Conv2dShape,
  { x, w, b }: { x: Numbers; w: Numbers; b?: Numbers | undefined },
): { y: Float64Array } {
  const y = new Float64Array(s.batch * s.outHeight * s.outWidth * s.outChannels);
  const kernels: number[][] = [];
  for (let pair = 0; pair < s.inChannels * s.outChannels; pair++) {
    const taps = Array.from({ length: 9 }, (_, i) => Math.abs(w[i * s.inChannels * s.outChannels + pair]!));
    kernels.push(transform(ofTaps, taps));
  }
  visitTiles(s, (n, row, column) => {
    const place = { n, row: row - s.padTop, column: column - s.padLeft, size: 4 };
    const inputs = Array.from({ length: s.inChannels }, (_, channel) =>
      transform(ofInputs, tileOf(x, sizeOfX(s), { ...place, channel })),
    );
    for (let co = 0; co < s.outChannels; co++) {
      const products = Array.from({ length: 16 }, (_, p) =>
        inputs.reduce((sum, input, ci) => sum + input[p]! * kernels[ci * s.outChannels + co]![p]!, 0),
      );
      for (const [i, value] of transform(ofProducts, products).entries()) {
        const [r, c] = [row + (i >> 1), column + (i & 1)];
        if (r >= s.outHeight || c >= s.outWidth) continue;
        y[((n * s.outHeight + r) * s.outWidth + c) * s.outChannels + co] = value + (s.useBias ? Math.abs(b![co]!) : 0);
      }
    }
  });
  return { y: s.pooled ? largestOfWindows(s, y) : y };
}

/** The largest of each 2x2 window: an upper bound for the one that the pool selects. */
function largestOfWindows(s: Conv2dShape, y: Float64Array): Float64Array {
  const [height, width] = [Math.floor(s.outHeight / 2), Math.floor(s.outWidth / 2)];
  const cells = new Float64Array(s.batch * height * width * s.outChannels);
  visitTiles(s, (n, row, column) => {
    if (row + 1 >= s.outHeight || column + 1 >= s.outWidth) return;
    for (let co = 0; co < s.outChannels; co++) {
      const at = (r: number, c: number) =>
        y[((n * s.outHeight + row + r) * s.outWidth + column + c) * s.outChannels + co]!;
      cells[((n * height + row / 2) * width + column / 2) * s.outChannels + co] = Math.max(
        ...[at(0, 0), at(0, 1), at(1, 0), at(1, 1)],
      );
    }
  });
  return cells;
}

/** sum|terms| of the data gradient: that of the convolution of dy with the flipped kernel. */
export function winogradBackwardXMagnitude(
  s: Conv2dShape,
  { w, dy }: { w: Numbers; dy: Numbers },
): { dx: Float64Array } {
  const { inChannels, outChannels } = s;
  const turned = Float64Array.from(w, (_, i) => {
    const [element, co, ci] = [
      Math.floor(i / inChannels / outChannels),
      Math.floor(i / inChannels) % outChannels,
      i % inChannels,
    ];
    return w[((8 - element) * inChannels + ci) * outChannels + co]!;
  });
  const convolution: Conv2dShape = {
    ...s,
    ...{ inHeight: s.outHeight, inWidth: s.outWidth, inChannels: outChannels },
    ...{ outHeight: s.inHeight, outWidth: s.inWidth, outChannels: inChannels },
    ...{ padTop: 2 - s.padTop, padLeft: 2 - s.padLeft, useBias: false, pooled: false },
  };
  return { dx: winogradForwardMagnitude(convolution, { x: dy, w: turned }).y };
}

/** sum|terms| of the filter gradient, dw = G^T (sum of (B^T x B) * (A dy A^T)) G, and of the bias gradient, the sum of dy. */
export function winogradBackwardWMagnitude(
  s: Conv2dShape,
  { x, dy: given, argmax }: { x: Numbers; dy: Numbers; argmax?: Uint8Array | undefined },
): { dw: Float64Array; db: Float64Array } {
  const dy = s.pooled ? maxPoolBackward(poolOf(s), { dy: given, argmax: argmax! }).dx : given;
  const pairs = s.inChannels * s.outChannels;
  const sums = Array.from({ length: pairs }, () => new Float64Array(16));
  const sizeOfY = { height: s.outHeight, width: s.outWidth, channels: s.outChannels };
  visitTiles(s, (n, row, column) => {
    const inputs = Array.from({ length: s.inChannels }, (_, channel) =>
      transform(
        ofInputs,
        tileOf(x, sizeOfX(s), { n, row: row - s.padTop, column: column - s.padLeft, channel, size: 4 }),
      ),
    );
    for (let co = 0; co < s.outChannels; co++) {
      const gradients = transform(
        transposed(ofProducts),
        tileOf(dy, sizeOfY, { n, row, column, channel: co, size: 2 }),
      );
      for (const [ci, input] of inputs.entries()) {
        const sum = sums[ci * s.outChannels + co]!;
        for (let p = 0; p < 16; p++) sum[p]! += input[p]! * gradients[p]!;
      }
    }
  });
  const dw = new Float64Array(9 * pairs);
  for (const [pair, sum] of sums.entries()) {
    for (const [element, value] of transform(transposed(ofTaps), sum).entries()) dw[element * pairs + pair] = value;
  }
  const db = new Float64Array(s.outChannels);
  for (let i = 0; i < dy.length; i++) db[i % s.outChannels]! += Math.abs(dy[i]!);
  return { dw, db };
}
