import type { NumpyRandom } from './numpy_random.ts';

/**
 * Sampling ranges of ImageDataGenerator, as given by its options. JSON has one number type where Python has two: an integer shift
 * of 1 or more is treated as Keras' int (a choice of whole pixels), any other number as its float. To get Keras' behavior for 3.0,
 * pass 3.0000001.
 */
export interface KerasRanges {
  /** Degrees. */
  rotationRange?: number;
  /**
   * Below 1 a fraction of the height, otherwise pixels. An integer n means one of 0 to n - 1 and a list one of its elements, with a
   * random sign.
   */
  heightShiftRange?: number | readonly number[];
  widthShiftRange?: number | readonly number[];
  /** Degrees. */
  shearRange?: number;
  /** A number z means [1 - z, 1 + z]. */
  zoomRange?: number | readonly [number, number];
  horizontalFlip?: boolean;
  verticalFlip?: boolean;
  channelShiftRange?: number;
  brightnessRange?: readonly [number, number];
}

/** The parameters sampled for one image by Keras' get_random_transform, in float64 as in NumPy. */
export interface KerasDraw {
  theta: number;
  /** Shift by heightShiftRange, in pixels. */
  tx: number;
  /** Shift by widthShiftRange, in pixels. */
  ty: number;
  shear: number;
  zx: number;
  zy: number;
  flipHorizontal: boolean;
  flipVertical: boolean;
  /** Omitted where Keras has None, which means no shift. */
  channelShiftIntensity?: number;
  /** Omitted where Keras has None. With any value, even 1, Keras converts the image to bytes. */
  brightness?: number;
}

/**
 * Samples one image's parameters in Keras' order and under its conditions (get_random_transform in
 * keras/src/legacy/preprocessing/image.py, identical in keras-preprocessing 1.1): an empty range consumes no random number, except
 * that both flips always consume one.
 *
 * @param height and width of the image in pixels; a shift below 1 is a fraction of them.
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
 * Keras tries a choice first and falls back to a range of floats. Values that are all below 1 are fractions, so a list of negative
 * integers is treated as fractions too; an integer 1 has the single choice 0.
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
    // Python's int has no -0.
    if (list.every(Number.isInteger)) shift += 0;
  }
  return Math.max(...list) < 1 ? shift * size : shift;
}
