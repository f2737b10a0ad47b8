import type { FilterStep, MapStep, Picture, PixelStep, PlacedOp, Sampling } from './op.ts';

/** One kernel over the images of a batch: read through all maps at once, or through a filter, then pixel by pixel. */
export interface Pass {
  from: Picture;
  to: Picture;
  maps: { op: PlacedOp; step: MapStep; from: Picture; to: Picture }[];
  filter?: { op: PlacedOp; step: FilterStep };
  sampling: Sampling;
  pixels: {
    op: PlacedOp;
    step: PixelStep;
    /** A map of this pass comes after it: what that brings in from outside of the image is not this step's. */
    inside: boolean;
  }[];
  /** Made of the image that this pass reads, before it. */
  statistics: boolean;
  tables: boolean;
}

const nearest: Sampling = { fillMode: 'nearest', cval: 0, interpolationOrder: 1 };

/**
 * Cuts a pipeline into as few passes as it can: maps are multiplied into one matrix and the image is resampled once, also
 * across steps that work pixel by pixel, wherever they are. A new pass begins with a filter, with what must know the
 * whole image first, with a map behind steps that depend on the pixel's place, and with another way of sampling.
 *
 * @param plain only what is done to every image, augmented or not.
 */
export function planPasses(ops: readonly PlacedOp[], picture: Picture, plain: boolean): Pass[] {
  const passes: Pass[] = [];
  const begin = (from: Picture) => {
    const pass: Pass = { from, to: from, maps: [], sampling: nearest, pixels: [], statistics: false, tables: false };
    passes.push(pass);
    return pass;
  };
  let pass = begin(picture);
  let sampled = false;
  const next = () => {
    pass = begin(pass.to);
    sampled = false;
  };
  const isFresh = () => pass.maps.length + pass.pixels.length === 0 && !pass.filter;
  for (const op of ops) {
    for (const step of op.steps) {
      if (step.kind === 'map') {
        if (plain && !step.to) continue;
        const { sampling } = step;
        const otherwise = sampling && sampled && JSON.stringify(sampling) !== JSON.stringify(pass.sampling);
        const behindPlaced = pass.pixels.some(({ step }) => step.placed || step.needs);
        // Only the first map knows where in the image the box is.
        const boxed = step.boxed && pass.maps.length > 0;
        if (pass.filter || otherwise || behindPlaced || boxed) next();
        if (sampling) {
          pass.sampling = sampling;
          sampled = true;
        }
        for (const pixel of pass.pixels) pixel.inside = true;
        const to = { ...pass.to, ...step.to };
        pass.maps.push({ op, step, from: pass.to, to });
        pass.to = to;
      } else if (step.kind === 'filter') {
        if (plain) continue;
        if (!isFresh() || (step.needs && passes.length === 1)) next();
        pass.filter = { op, step };
        if (step.needs) pass[step.needs] = true;
      } else if (step.kind === 'pixel') {
        if (plain && !step.always) continue;
        // The first pass reads the data set, of which nobody has made statistics.
        if (step.needs && !(pass[step.needs] && pass.pixels.length === 0) && (!isFresh() || passes.length === 1))
          next();
        if (step.needs) pass[step.needs] = true;
        pass.pixels.push({ op, step, inside: false });
      }
    }
  }
  return passes;
}
