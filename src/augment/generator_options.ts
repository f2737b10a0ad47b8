/**
 * Keras' ImageDataGenerator arguments as plain JSON (keras/src/legacy/preprocessing/image.py), in camelCase, with Keras' defaults.
 * Each image is first warped (rotated, shifted, sheared, zoomed and flipped, in a single interpolation); then its gray levels, 0 to
 * 255, are changed.
 */
export interface ImageDataGeneratorConfig {
  /** Rotation in degrees, >= 0: the angle is sampled from [-rotationRange, rotationRange). Default 0. */
  rotationRange?: number | undefined;
  /**
   * Shift along x. A number below 1 is a fraction of the width; an integer n shifts by 0 to n - 1 pixels in either direction (so 1
   * never shifts); other numbers are pixels, sampled from -n to n. For a list, one of its numbers is chosen with a random sign;
   * they are fractions if all are below 1. Default 0.
   */
  widthShiftRange?: number | readonly number[] | undefined;
  /** Shift along y, with the same forms relative to the height. Default 0. */
  heightShiftRange?: number | readonly number[] | undefined;
  /** [low, high], >= 0: gray levels are multiplied by a factor from this range. Default `null`: unchanged. */
  brightnessRange?: readonly [number, number] | null | undefined;
  /** Shear in degrees, >= 0, as in Keras, where 0.1 has almost no effect. Default 0. */
  shearRange?: number | undefined;
  /**
   * [low, high] above 0, or a number z from 0 to 1 for [1 - z, 1 + z]. Values below 1 magnify; both axes are sampled independently.
   * Default 0.
   */
  zoomRange?: number | readonly [number, number] | undefined;
  /**
   * Gray levels, >= 0: one number for all channels is sampled from [-channelShiftRange, channelShiftRange) and added. Default 0.
   */
  channelShiftRange?: number | undefined;
  /** How points outside of the image are filled. Default `'nearest'`. */
  fillMode?: 'constant' | 'nearest' | 'reflect' | 'wrap' | undefined;
  /** Gray level outside of the image with `fillMode: 'constant'`, before `rescale`. Default 0. */
  cval?: number | undefined;
  /** 0 takes the nearest pixel; 1 interpolates bilinearly. Default 1. */
  interpolationOrder?: 0 | 1 | undefined;
  /** Flips half of the images left to right. Default false. */
  horizontalFlip?: boolean | undefined;
  /** Flips half of the images upside down. Default false. */
  verticalFlip?: boolean | undefined;
  /**
   * WGSL: the body of a function that receives `pixel`, the channels of one pixel (f32, vec2f, vec3f or vec4f), and returns the new
   * ones: `'return 255.0 - pixel;'`. It runs on each image before `rescale`. Default `null`: none.
   */
  preprocessingFunction?: string | null | undefined;
  /** Factor applied to the warped image. Default: the trainer's `rescale`, which is 1/255. */
  rescale?: number | null | undefined;
  /** Subtracts the mean of each image. Default false. */
  samplewiseCenter?: boolean | undefined;
  /** Divides each image by its standard deviation. Default false. */
  samplewiseStdNormalization?: boolean | undefined;
  /** Subtracts the mean of each channel over the training images. Default false. */
  featurewiseCenter?: boolean | undefined;
  /** Divides each channel by its standard deviation over the training images. Default false. */
  featurewiseStdNormalization?: boolean | undefined;
  /** Whitens images with the covariance of the training images (ZCA). Preparing large images takes minutes. Default false. */
  zcaWhitening?: boolean | undefined;
  /** Added to the eigenvalues of the covariance, >= 0. Default 1e-6. */
  zcaEpsilon?: number | undefined;
  /** Fraction of the images reserved for validation, 0 to 1: the first ones, unshuffled. Default 0. */
  validationSplit?: number | undefined;
  /** Which part of the images to use with `validationSplit`. Default `null`: all. */
  subset?: 'training' | 'validation' | null | undefined;
  /**
   * `'corrected'` shifts along the axis that a shift is named after, rotates an image about its exact center and adjusts brightness
   * in floating point. `'keras'` reproduces today's Keras and `'keras-preprocessing-1.1'` the last release of the old package,
   * including their bugs and the random numbers that NumPy generates from a seed. Default `'corrected'`.
   */
  compat?: 'corrected' | 'keras' | 'keras-preprocessing-1.1' | undefined;
}
