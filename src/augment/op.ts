import type * as v from 'valibot';

/** Height and width in pixels, and channels. */
export interface Picture {
  height: number;
  width: number;
  channels: number;
}

/**
 * Maximum number of pixels along an axis: more than any texture or camera has, and few enough that float32 represents their area
 * exactly.
 */
export const mostPixels = 4096;

export const elementsOf = ({ height, width, channels }: Picture): number => height * width * channels;

/**
 * The distribution of a parameter. `uniform` and `signed` sample from [low, high), `choice` and `signedChoice` from a list; the
 * signed variants add a random sign. `choiceBy` samples from the list selected by an earlier field of the op. `rounded` is a
 * rounded uniform number, `integer` a uniform integer from low to high, both included. `chance` gives 1 with probability p, else 0;
 * `beta` samples from Beta(alpha, alpha).
 */
export type Draw =
  | { from: 'uniform' | 'signed' | 'rounded' | 'integer' | 'logUniform'; low: number; high: number }
  | { from: 'chance'; p: number }
  | { from: 'choice' | 'signedChoice'; values: readonly number[] }
  | { from: 'choiceBy'; field: string; values: readonly (readonly number[])[] }
  | { from: 'beta'; alpha: number }
  | { from: 'constant'; value: number };

/** One parameter that an op samples per image. */
export interface Field {
  /** Name in JSON. */
  name: string;
  /** Omitted if the op's own WGSL function samples it. */
  draw?: Draw;
  /** Value that leaves the image unchanged. Default 0. */
  identity?: number;
  /** JSON representation: a boolean, or one of these names, selected by index. */
  as?: 'boolean' | readonly string[];
}

export const fillModes = ['constant', 'nearest', 'reflect', 'mirror', 'wrap', 'gridConstant'] as const;
export type FillMode = (typeof fillModes)[number];

/** How an image is sampled between its pixels and outside of it: scipy.ndimage's modes and orders. */
export interface Sampling {
  fillMode: FillMode;
  /** Value outside of the image with `constant` and `gridConstant`. */
  cval: number;
  interpolationOrder: 0 | 1;
}

/** A WGSL function of shaders/augment, with the arguments that follow its standard ones. */
interface Call {
  call: string;
  args?: readonly (string | number)[];
}

/**
 * Moves pixels. `fn call(at: u32, from: vec2f, to: vec2f) -> mat3x3f` returns the matrix from an output pixel (column, row, 1) to
 * its sampling position in the input.
 */
export interface MapStep extends Call {
  kind: 'map';
  /**
   * The sampling options that the step depends on: no fillMode if it never samples outside of the image, no order if it moves whole
   * pixels.
   */
  sampling?: Partial<Sampling>;
  /** Set if the third row of the matrix is not (0, 0, 1). */
  projective?: boolean;
  /** Output size if it differs from the input size. Such a step also applies to unaugmented images. */
  to?: { height: number; width: number };
  /**
   * Set if the step selects a part of the image, which the following steps see as the whole image: `fn call(at: u32, from: vec2f,
   * to: vec2f) -> vec4f` returns (x, y) of the part's pixel (0, 0) and the distance between its pixels. `scaled` interpolates and
   * clamps at the edge of the part, `whole` copies.
   */
  window?: 'whole' | 'scaled';
}

/**
 * Displaces every pixel individually by noise that is seeded with the op's first field. It must be the last step of its pass that
 * moves pixels.
 */
export interface DisplaceStep {
  kind: 'displace';
  sampling: Sampling;
  /** Standard deviations of the Gaussian that smooths the noise, along x and y; 0 for no smoothing. */
  sigma: readonly [number, number];
  /** Factors of the noise along x and y, in pixels. */
  scale: readonly [number, number];
}

/** A statistic of the whole image before this step, which the step needs. */
export interface Need {
  of: 'statistics' | 'tables';
  /** Needed only for images whose field has one of these values; by default for all images to which the op is applied. */
  where?: { field: string; isOneOf: readonly number[] };
}

/** Works pixel by pixel. `fn call(value: Pixel, at: u32, place: Place) -> Pixel`. */
export interface PixelStep extends Call {
  kind: 'pixel';
  needs?: readonly Need[];
  /** Statistics computed before the previous steps of the same pass are accurate enough. */
  shares?: boolean;
  /** The step depends on the pixel's position, so no later step of the same pass may move the pixel. */
  placed?: boolean;
  /** Applied to every image, augmented or not, as part of decoding. */
  always?: boolean;
  /**
   * Another image that the step reads with `beside_at(place)`: `input` for the op's input, or the name of an earlier step's output.
   */
  beside?: string;
  /** Name under which later steps of the op can read this step's output. */
  names?: string;
}

/** Reads a neighborhood: a pixel step that may call `pixel_at(column, row, place)`, also for other channels. */
export interface FilterStep extends Call {
  kind: 'filter';
  needs?: readonly Need[];
  /** The center pixel is sampled through this map; its neighbors are read directly. */
  through?: MapStep;
  /** Reads the input of its op rather than the previous step's output. */
  reads?: 'input';
}

/**
 * Mixes an image with a partner: `fn call(value: f32, other: f32, at: u32, pixel: vec2u) -> f32`, and `fn call_share(share: f32,
 * at: u32, size: vec2f) -> f32` for the weight of the image's own label. It must be the last step.
 */
export interface PairStep extends Call {
  kind: 'pair';
}

/** y = x W with each image flattened into a row, applied to every image. */
export interface MatrixStep {
  kind: 'matrix';
  /** Number of values per image. */
  features: number;
  /** [features, features]; empty until `fit` has computed it. */
  matrix: Float32Array;
}

export type Step = MapStep | DisplaceStep | PixelStep | FilterStep | PairStep | MatrixStep;

/** One op of a pipeline for images of one shape: the parameters that it samples for each image and the steps that use them. */
export interface Op {
  type: string;
  /**
   * Part of the key of the op's random numbers. A code never changes, so that adding an op doesn't change the random numbers of the
   * others.
   */
  code: number;
  /** Probability that the op is applied to an image. The decision is sampled if it is below 1. */
  p: number;
  fields: readonly Field[];
  /** What `fit` must still compute before the op can run, in words. */
  missing?: string;
  /**
   * `fn call(key: Key, purpose: u32, at: u32, from: vec2f, to: vec2f)` samples the fields without a `draw`, using the purposes from
   * `purpose` on.
   */
  draw?: Call;
  steps: readonly Step[];
  /** WGSL fragments that define the functions above: those that sample and build matrices, and those that compute pixels. */
  drawSources?: readonly string[];
  pixelSources?: readonly string[];
}

/** An op type with its options: how JSON is compiled to an Op. */
export interface OpDefinition {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each op has different options, which its schema checks
  schema: v.GenericSchema<unknown, any>;
  /** @throws ConfigurationError if the op doesn't support images of this shape. */
  // biome-ignore lint/suspicious/noExplicitAny: the type is determined by the schema
  compile(options: any, picture: Picture): Omit<Op, 'type'>;
}

/** An op with its position in a pipeline. */
export interface PlacedOp extends Op {
  /** Offset of the op's words in a sample's record: a flag that says whether the op is applied, followed by its fields. */
  at: number;
  /** Shape of the op's input and output images. */
  from: Picture;
  to: Picture;
  /** First of the op's 256 purposes. */
  purpose: number;
}

/** The op's last purpose: its random number decides whether the op is applied. */
export const appliedPurpose = 255;

/** Whether a step applies to every image, augmented or not. */
export const isAlways = (step: Step): boolean =>
  step.kind === 'matrix' || (step.kind === 'pixel' && step.always === true);

/** Whether an op has words in the record. Ops that treat every image alike have none. */
export function isRecorded(op: Op): boolean {
  return op.fields.length > 0 || op.p < 1 || !op.steps.every(isAlways);
}

/** The steps that mix an image with a partner. */
export function pairSteps<O extends Op>(ops: readonly O[]): { op: O; step: PairStep }[] {
  return ops.flatMap((op) => op.steps.flatMap((step) => (step.kind === 'pair' ? [{ op, step }] : [])));
}
