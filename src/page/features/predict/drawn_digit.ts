import { type Ink, lightOnDark } from './ink.ts';

/** How a drawing is converted to an image like those of a data set. */
export interface Placing {
  /** Longer side of the drawing as a fraction of the image's height. */
  box: number;
  /** The point that is placed at the image's center: the center of mass or that of the bounding box. */
  center: 'mass' | 'box';
  /** Description for the user. */
  words: string;
}

/** MNIST's method (https://yann.lecun.com/exdb/mnist): 20 x 20 pixels with the aspect ratio kept, placed by the center of mass. */
const likeMnist: Placing = {
  box: 20 / 28,
  center: 'mass',
  words: 'its longer side becomes 20 of 28 pixels, and its center of mass moves to the middle, as in MNIST',
};

/** NIST's 32 x 32 bitmaps, from which scikit-learn's digits are made, are filled from top to bottom. */
const likeDigits: Placing = {
  box: 1,
  center: 'box',
  words: 'it fills the image from edge to edge, like the digits of this data set',
};

export const placingFor = (height: number): Placing => (height <= 8 ? likeDigits : likeMnist);

/**
 * Scales and moves a drawing into an image.
 *
 * @param strokes [side, side], from 0 where nothing is drawn to 255.
 * @param shape of the image. All channels get the same values.
 * @param levels of the image's paper and ink.
 * @returns [height, width, channels]; only paper if nothing is drawn.
 */
export function placeDrawing(
  strokes: Uint8Array,
  side: number,
  shape: readonly [height: number, width: number, channels: number],
  { box, center }: Placing,
  { paper, ink }: Ink = lightOnDark,
): Uint8Array<ArrayBuffer> {
  const [height, width, channels] = shape;
  const image = new Uint8Array(height * width * channels).fill(paper);
  const drawn = bounds(strokes, side);
  if (!drawn) return image;
  const scale = (Math.min(height, width) * box) / Math.max(drawn.width, drawn.height);
  const rows = Math.max(1, Math.round(drawn.height * scale));
  const columns = Math.max(1, Math.round(drawn.width * scale));
  const small = averages(strokes, side, drawn, rows, columns);
  const middle = center === 'mass' ? centerOfMass(small, rows, columns) : { x: columns / 2, y: rows / 2 };
  const top = Math.round(height / 2 - middle.y);
  const left = Math.round(width / 2 - middle.x);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [y, x] = [top + row, left + column];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      const at = (y * width + x) * channels;
      const share = small[row * columns + column]! / 255;
      image.fill(Math.round(paper + share * (ink - paper)), at, at + channels);
    }
  }
  return image;
}

interface Box {
  top: number;
  left: number;
  height: number;
  width: number;
}

function bounds(ink: Uint8Array, side: number): Box | undefined {
  let [top, left, bottom, right] = [side, side, -1, -1];
  for (let i = 0; i < side * side; i++) {
    if (!ink[i]) continue;
    const [y, x] = [Math.floor(i / side), i % side];
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    left = Math.min(left, x);
    right = Math.max(right, x);
  }
  return bottom < 0 ? undefined : { top, left, height: bottom - top + 1, width: right - left + 1 };
}

/** The mean of the drawing over the area of each pixel, including fractions of dots. */
function averages(ink: Uint8Array, side: number, box: Box, rows: number, columns: number): Float64Array {
  const means = new Float64Array(rows * columns);
  const [stepY, stepX] = [box.height / rows, box.width / columns];
  for (let row = 0; row < rows; row++) {
    const [y0, y1] = [box.top + row * stepY, box.top + (row + 1) * stepY];
    for (let column = 0; column < columns; column++) {
      const [x0, x1] = [box.left + column * stepX, box.left + (column + 1) * stepX];
      let sum = 0;
      for (let y = Math.floor(y0); y < y1; y++) {
        const tall = Math.min(y + 1, y1) - Math.max(y, y0);
        for (let x = Math.floor(x0); x < x1; x++) {
          const value = y < side && x < side ? ink[y * side + x]! : 0;
          sum += value * tall * (Math.min(x + 1, x1) - Math.max(x, x0));
        }
      }
      means[row * columns + column] = sum / (stepY * stepX);
    }
  }
  return means;
}

/** In pixels from the corner: the center of the first pixel is at 0.5. */
function centerOfMass(values: Float64Array, rows: number, columns: number): { x: number; y: number } {
  let [x, y, sum] = [0, 0, 0];
  for (let i = 0; i < rows * columns; i++) {
    x += values[i]! * ((i % columns) + 0.5);
    y += values[i]! * (Math.floor(i / columns) + 0.5);
    sum += values[i]!;
  }
  return { x: x / sum, y: y / sum };
}
