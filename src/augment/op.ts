import type * as v from 'valibot';

/** Height and width in pixels, and channels. */
export interface Picture {
  height: number;
  width: number;
  channels: number;
}

/** Pixels of an axis: more than any texture or camera has, and few enough that float32 counts their area. */
export const mostPixels = 4096;

export const elementsOf = ({ height, width, channels }: Picture): number => height * width * channels;

/**
 * A number's distribution. `uniform` and `signed` draw from [low, high), `choice` and `signedChoice` from a list, those
 * named signed with either sign, `choiceBy` from the list whose index is what an earlier field of the op has drawn; `rounded`
 * is a uniform number rounded, `integer` a whole one from low to high, both included, all alike; `chance` gives 1 with
 * probability p, else 0; `beta` draws from Beta(alpha, alpha).
 */
export type Draw =
  | { from: 'uniform' | 'signed' | 'rounded' | 'integer' | 'logUniform'; low: number; high: number }
  | { from: 'chance'; p: number }
  | { from: 'choice' | 'signedChoice'; values: readonly number[] }
  | { from: 'choiceBy'; field: string; values: readonly (readonly number[])[] }
  | { from: 'beta'; alpha: number }
  | { from: 'constant'; value: number };

/** One number of what an op draws for a sample. */
export interface Field {
  /** Its name in JSON. */
  name: string;
  /** Left out where the op's own WGSL function draws it. */
  draw?: Draw;
  /** The value that leaves the image unchanged; 0 by default. */
  identity?: number;
  /** How JSON shows it: a boolean, or one of these names by its index. */
  as?: 'boolean' | readonly string[];
}

export const fillModes = ['constant', 'nearest', 'reflect', 'mirror', 'wrap', 'gridConstant'] as const;
export type FillMode = (typeof fillModes)[number];

/** How an image is sampled between and beyond its pixels: scipy.ndimage's modes and orders. */
export interface Sampling {
  fillMode: FillMode;
  /** The value outside with `constant` and `gridConstant`. */
  cval: number;
  interpolationOrder: 0 | 1;
}

/** A WGSL function of shaders/augment with the arguments that follow its usual ones. */
interface Call {
  call: string;
  args?: readonly (string | number)[];
}

/** Moves pixels. `fn call(at: u32, from: vec2f, to: vec2f) -> mat3x3f`: (column, row, 1) of what it gives to where that is sampled. */
export interface MapStep extends Call {
  kind: 'map';
  /** The options that it needs: no fillMode if it never samples outside of the image, no order if it moves whole pixels. */
  sampling?: Partial<Sampling>;
  /** Its third row is not (0, 0, 1). */
  projective?: boolean;
  /** The size that it gives, where that isn't the size that it gets. Such a step works for images that are not augmented, too. */
  to?: { height: number; width: number };
  /**
   * It only looks at a part of the image, which is the whole image for what comes after it:
   * `fn call(at: u32, from: vec2f, to: vec2f) -> vec4f`, (x, y) of its pixel (0, 0) and the step from pixel to pixel.
   * `scaled` interpolates and stops at the part's own edge, `whole` copies.
   */
  window?: 'whole' | 'scaled';
}

/** Moves every pixel on its own, by noise made of its op's first field: the last of what moves pixels in its pass. */
export interface DisplaceStep {
  kind: 'displace';
  sampling: Sampling;
  /** Deviations of the Gaussian that smooths the noise, along x and y; 0 for none. */
  sigma: readonly [number, number];
  /** Pixels along x and y that the noise is multiplied by. */
  scale: readonly [number, number];
}

/** A statistic of the whole image before this step, which the step needs. */
export interface Need {
  of: 'statistics' | 'tables';
  /** Only for images of which this field is one of these numbers, else for all to which the op is applied. */
  where?: { field: string; isOneOf: readonly number[] };
}

/** Works pixel by pixel. `fn call(value: Pixel, at: u32, place: Place) -> Pixel`. */
export interface PixelStep extends Call {
  kind: 'pixel';
  needs?: readonly Need[];
  /** Statistics from before the steps in front of it in the same pass will do. */
  shares?: boolean;
  /** It depends on where the pixel is: no later step may move it in the same pass. */
  placed?: boolean;
  /** For every image, augmented or not: part of how images are decoded. */
  always?: boolean;
  /** Another image that it looks at, by `beside_at(place)`: `input`, what its op gets, or what a step has named. */
  beside?: string;
  /** A name by which later steps of its op can find what it makes. */
  names?: string;
}

/** Reads a neighbourhood: a pixel step that may call `pixel_at(column, row, place)`, also for another channel's place. */
export interface FilterStep extends Call {
  kind: 'filter';
  needs?: readonly Need[];
  /** Its pixel comes through this map; the neighbours are those of the place, as they are. */
  through?: MapStep;
  /** It starts from the input of its op, whatever the steps before it computed. */
  reads?: 'input';
}

/**
 * Mixes an image with a partner. `fn call(value: f32, other: f32, at: u32, pixel: vec2u) -> f32`, and
 * `fn call_share(share: f32, at: u32, size: vec2f) -> f32`: what is left of the image's own share. It comes last.
 */
export interface PairStep extends Call {
  kind: 'pair';
}

/** y = x W of every image as one row of numbers, for every image. */
export interface MatrixStep {
  kind: 'matrix';
  /** The size of an image. */
  features: number;
  /** [features, features]; empty until it is known. */
  matrix: Float32Array;
}

export type Step = MapStep | DisplaceStep | PixelStep | FilterStep | PairStep | MatrixStep;

/** One op of a pipeline, for images of one shape: what is drawn for each, and what is done with that. */
export interface Op {
  type: string;
  /** Part of the key of the op's random numbers. A code never changes, so that adding an op leaves the numbers of the others alone. */
  code: number;
  /** Probability that it is applied to an image; it is drawn where it is below 1. */
  p: number;
  fields: readonly Field[];
  /** An error, if something is missing before it can run, and what to do about it. */
  wanting?: string;
  /** `fn call(key: Key, purpose: u32, at: u32, from: vec2f, to: vec2f)` draws the fields that have no `draw`; purposes from `purpose` on are its own. */
  draw?: Call;
  steps: readonly Step[];
  /** WGSL fragments with the functions that it names: those that draw and map, and those that work on pixels. */
  drawSources?: readonly string[];
  pixelSources?: readonly string[];
}

/** An op's type with its options: how JSON becomes an Op. */
export interface OpDefinition {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each op has options of its own, which its schema checks
  schema: v.GenericSchema<unknown, any>;
  /** @throws ConfigurationError where images of this shape are invalid for it. */
  // biome-ignore lint/suspicious/noExplicitAny: what the schema gives
  compile(options: any, picture: Picture): Omit<Op, 'type'>;
}

/** An op at its place in a pipeline. */
export interface PlacedOp extends Op {
  /** Where its words are in the record of a sample: first whether it is applied, then its fields. */
  at: number;
  /** The image that it gets, and the one that it gives. */
  from: Picture;
  to: Picture;
  /** The first of its purposes; they are 256. */
  purpose: number;
}

/** The purpose whose number decides whether an op is applied: the op's last one. */
export const appliedPurpose = 255;

/** Whether a step is done to every image alike, augmented or not. */
export const isAlways = (step: Step): boolean =>
  step.kind === 'matrix' || (step.kind === 'pixel' && step.always === true);

/** Whether an op has words that are drawn and kept: what is done to every image alike needs none. */
export function isRecorded(op: Op): boolean {
  return op.fields.length > 0 || op.p < 1 || !op.steps.every(isAlways);
}

/** The steps of a list that mix an image with a partner. */
export function pairSteps<O extends Op>(ops: readonly O[]): { op: O; step: PairStep }[] {
  return ops.flatMap((op) => op.steps.flatMap((step) => (step.kind === 'pair' ? [{ op, step }] : [])));
}
