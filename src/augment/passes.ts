import type { DisplaceStep, FilterStep, MapStep, MatrixStep, Picture, PixelStep, PlacedOp, Sampling } from './op.ts';

/** A map with the shapes of its input and output images. */
export interface PlacedMap {
  op: PlacedOp;
  step: MapStep;
  from: Picture;
  to: Picture;
}

/**
 * One kernel over the images of a batch: it samples through all maps at once, or through a filter, and then processes each pixel.
 */
export interface Pass {
  from: Picture;
  to: Picture;
  maps: PlacedMap[];
  /** Displaces the pixels of the maps' output. */
  displaced?: { op: PlacedOp; step: DisplaceStep };
  filter?: { op: PlacedOp; step: FilterStep };
  sampling: Sampling;
  pixels: {
    op: PlacedOp;
    step: PixelStep;
    /** Set if a later map of this pass may sample outside of the image; the step is then not applied to the fill value. */
    inside: boolean;
  }[];
  /** Index of the pass whose output this pass reads; -1 for the images of the batch. */
  reads: number;
  /** Index of another pass whose output the steps also read. */
  beside?: number;
  /** Whether statistics of the input images are computed before this pass. */
  statistics: boolean;
  tables: boolean;
  /** Set if the pass is a matrix product. */
  matrix?: MatrixStep;
}

/** For maps that only move whole pixels within the image: pixels are copied. */
export const copying: Sampling = { fillMode: 'nearest', cval: 0, interpolationOrder: 0 };

export const emptyPass = (from: Picture, reads: number): Pass => ({
  ...{ from, to: from, maps: [], sampling: copying, pixels: [], reads },
  ...{ statistics: false, tables: false },
});

/** The single pass of a pipeline that only scales values. */
export function plainPass(ops: readonly PlacedOp[], picture: Picture): Pass {
  const pixels = ops.flatMap((op) => op.steps.map((step) => ({ op, step: step as PixelStep, inside: false })));
  return { ...emptyPass(picture, -1), pixels };
}

/** Whether a pass samples its input at transformed positions. */
export const isWarped = ({ maps, displaced }: Pass): boolean => maps.length > 0 || displaced !== undefined;
