import type { DisplaceStep, FilterStep, MapStep, MatrixStep, Picture, PixelStep, PlacedOp, Sampling } from './op.ts';

/** A map at its place: the image that it gets, and the one that it gives. */
export interface PlacedMap {
  op: PlacedOp;
  step: MapStep;
  from: Picture;
  to: Picture;
}

/** One kernel over the images of a batch: read through all maps at once, or by a filter, then pixel by pixel. */
export interface Pass {
  from: Picture;
  to: Picture;
  maps: PlacedMap[];
  /** Moves the pixels of what the maps give. */
  displaced?: { op: PlacedOp; step: DisplaceStep };
  filter?: { op: PlacedOp; step: FilterStep };
  sampling: Sampling;
  pixels: {
    op: PlacedOp;
    step: PixelStep;
    /** A map of this pass comes after it that may look outside of the image: what that brings in is not this step's. */
    inside: boolean;
  }[];
  /** The pass whose images it reads, by its index; -1 are the batch's own. */
  reads: number;
  /** Another pass whose images its steps look at. */
  beside?: number;
  /** Made of the image that this pass reads, before it. */
  statistics: boolean;
  tables: boolean;
  /** The pass is a matrix product instead. */
  matrix?: MatrixStep;
}

/** For maps that only move whole pixels within the image: a pixel is copied. */
export const copying: Sampling = { fillMode: 'nearest', cval: 0, interpolationOrder: 0 };

export const emptyPass = (from: Picture, reads: number): Pass => ({
  ...{ from, to: from, maps: [], sampling: copying, pixels: [], reads },
  ...{ statistics: false, tables: false },
});

/** The only pass of a pipeline that changes nothing but the scale. */
export function plainPass(ops: readonly PlacedOp[], picture: Picture): Pass {
  const pixels = ops.flatMap((op) => op.steps.map((step) => ({ op, step: step as PixelStep, inside: false })));
  return { ...emptyPass(picture, -1), pixels };
}

/** A pass that does not read the unchanged image. */
export const isWarped = ({ maps, displaced }: Pass): boolean => maps.length > 0 || displaced !== undefined;
