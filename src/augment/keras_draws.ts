import type { NumpyRandom } from './numpy_random.ts';

/**
 * The ranges that ImageDataGenerator draws from, as its options give them. JSON has one kind of number where Python has two: a whole
 * shift of 1 or more is Keras' int (whole pixels from a choice), any other number its float. What Keras does with
 * 3.0 can be had by 3.0000001.
 */
export interface KerasRanges {
  /** Degrees. */
  rotationRange?: number;
  /** Below 1 a share of the height, above pixels; a whole number n means one of 0 to n - 1, a list one of its own, either sign. */
  heightShiftRange?: number | readonly number[];
  widthShiftRange?: number | readonly number[];
  /** Degrees. */
  shearRange?: number;
  /** z means [1 - z, 1 + z]. */
  zoomRange?: number | readonly [number, number];
  horizontalFlip?: boolean;
  verticalFlip?: boolean;
  channelShiftRange?: number;
  brightnessRange?: readonly [number, number];
}

/** The draws for one image: Keras' get_random_transform, in float64 as in NumPy. */
export interface KerasDraw {
  theta: number;
  /** By heightShiftRange, pixels. */
  tx: number;
  /** By widthShiftRange, pixels. */
  ty: number;
  shear: number;
  zx: number;
  zy: number;
  flipHorizontal: boolean;
  flipVertical: boolean;
  /** Left out where Keras has None: nothing is shifted. */
  channelShiftIntensity?: number;
  /** Left out where Keras has None: an image with one goes through bytes, even with 1. */
  brightness?: number;
}

/**
 * Draws one image's parameters, in Keras' order and with its conditions (get_random_transform in
 * keras/src/legacy/preprocessing/image.py; keras-preprocessing 1.1 has the same): a range of nothing consumes nothing,
 * except that both flips always take their number.
 *
 * @param height and width of the image, pixels: what a shift below 1 is a share of.
 */
export function drawKeras(random: NumpyRandom, ranges: KerasRanges, height: number, width: number): KerasDraw {
  const around = (range: number) => random.uniform(-range, range);
  const theta = ranges.rotationRange ? around(ranges.rotationRange) : 0;
  const tx = drawShift(random, ranges.heightShiftRange ?? 0, height);
  const ty = drawShift(random, ranges.widthShiftRange ?? 0, width);
  const shear = ranges.shearRange ? around(ranges.shearRange) : 0;
  const zoom = ranges.zoomRange ?? 0;
  const [low, high] = typeof zoom === 'number' ? [1 - zoom, 1 + zoom] : zoom;
  const still = low === 1 && high === 1;
  return {
    theta,
    tx,
    ty,
    shear,
    zx: still ? 1 : random.uniform(low, high),
    zy: still ? 1 : random.uniform(low, high),
    flipHorizontal: random.random() < 0.5 && ranges.horizontalFlip === true,
    flipVertical: random.random() < 0.5 && ranges.verticalFlip === true,
    ...(ranges.channelShiftRange && { channelShiftIntensity: around(ranges.channelShiftRange) }),
    ...(ranges.brightnessRange && { brightness: random.uniform(...ranges.brightnessRange) }),
  };
}

/**
 * Keras tries a choice first and falls back to a range of floats. What is below 1 throughout is a share, so a list of
 * negative whole numbers is one, too; a whole number of 1 has one choice, which is 0.
 */
function drawShift(random: NumpyRandom, range: number | readonly number[], size: number): number {
  const list = typeof range === 'number' ? [range] : range;
  if (list.length === 0 || range === 0) return 0;
  let shift: number;
  if (typeof range === 'number' && !(Number.isInteger(range) && range > 0)) {
    shift = random.uniform(-range, range);
  } else {
    const chosen = typeof range === 'number' ? random.choice(range) : random.choice(range);
    shift = chosen * random.choice([-1, 1]);
    // An int has no -0.
    if (list.every(Number.isInteger)) shift += 0;
  }
  return Math.max(...list) < 1 ? shift * size : shift;
}
