/**
 * Keras' ImageDataGenerator arguments as plain JSON (keras/src/legacy/preprocessing/image.py), in camelCase, with Keras' defaults. An
 * image is first warped: turned, shifted, sheared, zoomed and flipped, in one interpolation; then its grey levels, 0 to 255, are changed.
 */
export interface ImageDataGeneratorConfig {
  /** Degrees, >= 0: the angle is drawn from [-rotationRange, rotationRange); 0 by default. */
  rotationRange?: number | undefined;
  /**
   * The shift along x. Below 1 a share of the width; a whole number n is one of 0 to n - 1 pixels, either way (so 1 is none); other
   * numbers are pixels, from -n to n; a list is one of its own numbers, either way, shares where all are below 1. 0 by default.
   */
  widthShiftRange?: number | readonly number[] | undefined;
  /** The shift along y: the same of the height; 0 by default. */
  heightShiftRange?: number | readonly number[] | undefined;
  /** [low, high], >= 0: grey levels are multiplied by a number between; `null`, not at all, by default. */
  brightnessRange?: readonly [number, number] | null | undefined;
  /** Degrees, >= 0, as in Keras, where 0.1 is next to nothing; 0 by default. */
  shearRange?: number | undefined;
  /** A number z, 0 to 1, is [1 - z, 1 + z], or [low, high] above 0. Below 1 magnifies; both axes are drawn independently. 0 by default. */
  zoomRange?: number | readonly [number, number] | undefined;
  /** Grey levels, >= 0: one number for all channels is drawn from [-channelShiftRange, channelShiftRange) and added; 0 by default. */
  channelShiftRange?: number | undefined;
  /** How points outside of an image are filled; `'nearest'` by default. */
  fillMode?: 'constant' | 'nearest' | 'reflect' | 'wrap' | undefined;
  /** The grey level outside with `fillMode: 'constant'`, before `rescale`; 0 by default. */
  cval?: number | undefined;
  /** 0 takes the nearest pixel, 1, the default, interpolates linearly between four. */
  interpolationOrder?: 0 | 1 | undefined;
  /** Flips half of the images left to right; false by default. */
  horizontalFlip?: boolean | undefined;
  /** Flips half of the images upside down; false by default. */
  verticalFlip?: boolean | undefined;
  /**
   * WGSL: the body of a function that gets `pixel`, the channels of one pixel (f32, vec2f, vec3f or vec4f), and returns the new ones:
   * `'return 255.0 - pixel;'`. It is called before `rescale`, for every image. `null`, none, by default.
   */
  preprocessingFunction?: string | null | undefined;
  /** Multiplies what has been warped; by default the trainer's `rescale`, which is 1/255. */
  rescale?: number | null | undefined;
  /** Subtracts the mean of each image; false by default. */
  samplewiseCenter?: boolean | undefined;
  /** Divides each image by its standard deviation; false by default. */
  samplewiseStdNormalization?: boolean | undefined;
  /** Subtracts the mean of each channel over the training images; false by default. */
  featurewiseCenter?: boolean | undefined;
  /** Divides each channel by its standard deviation over the training images; false by default. */
  featurewiseStdNormalization?: boolean | undefined;
  /** Whitens images with the training images' covariance (ZCA); false by default. Large images take minutes to prepare. */
  zcaWhitening?: boolean | undefined;
  /** Added to the eigenvalues of the covariance, >= 0; 1e-6 by default. */
  zcaEpsilon?: number | undefined;
  /** Share of the images that is kept for validation, 0 to 1: the first, without a shuffle. 0 by default. */
  validationSplit?: number | undefined;
  /** Which part of the images to take, where there is a `validationSplit`; `null`, all, by default. */
  subset?: 'training' | 'validation' | null | undefined;
  /**
   * `'corrected'`, the default, shifts along the axis that a shift is named after, turns an image about its own middle and brightens in
   * floating point. `'keras'` is Keras of today, `'keras-preprocessing-1.1'` the last release of the old package: both with their
   * slips, and with the draws that NumPy gives for a seed.
   */
  compat?: 'corrected' | 'keras' | 'keras-preprocessing-1.1' | undefined;
}
