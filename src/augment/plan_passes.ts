import type { Need, Picture, PlacedOp, Sampling } from './op.ts';
import { copying, emptyPass, type Pass, type PlacedMap } from './passes.ts';

/**
 * Splits a pipeline into as few passes as possible: maps are multiplied into one matrix, even across pixel steps, and the image is
 * resampled once. A new pass begins with a filter; with a step that needs statistics of the whole image; with a map that follows a
 * step that depends on the pixel's position; with a map that follows a displacement, which is known only at whole pixels; and with
 * a different sampling method. Each pass reads the output of the previous one, unless a step explicitly reads the input of its op.
 *
 * Hence, where a map samples outside of the previous map's output, it finds the original image's content if there is any. Only
 * after a window (a crop) is the fill mode applied, as if the images were computed one after the other.
 *
 * @param plain plans only the ops that apply to every image, augmented or not.
 */
export function planPasses(ops: readonly PlacedOp[], picture: Picture, plain: boolean): Pass[] {
  const passes: Pass[] = [];
  const begin = (from: Picture, reads: number) => {
    const pass = emptyPass(from, reads);
    passes.push(pass);
    return pass;
  };
  let pass = begin(picture, -1);
  let asked: Partial<Sampling> = {};
  const next = (reads = passes.length - 1) => {
    pass = begin(passes[reads]!.to, reads);
    asked = {};
  };
  const isFresh = () => pass.maps.length + pass.pixels.length === 0 && !pass.filter && !pass.matrix && !pass.displaced;
  const move = (sampling: Partial<Sampling>) => {
    const behindPlaced = pass.pixels.some(({ step }) => step.placed || step.needs);
    if (pass.filter || pass.matrix || pass.displaced || !agree(asked, sampling) || behindPlaced) next();
    asked = { ...asked, ...sampling };
    pass.sampling = { ...copying, ...asked };
    if (sampling.fillMode) for (const pixel of pass.pixels) pixel.inside = true;
  };
  const note = (needs: readonly Need[] = []) => {
    for (const { of } of needs) pass[of] = true;
  };
  for (const op of ops) {
    const named = new Map([['input', passes.length - 1]]);
    for (const step of op.steps) {
      if (step.kind === 'map') {
        if (plain && !step.to) continue;
        move(step.sampling ?? {});
        const to = { ...pass.to, ...step.to };
        pass.maps.push({ op, step, from: pass.to, to });
        pass.to = to;
      } else if (step.kind === 'displace') {
        if (plain) continue;
        move(step.sampling);
        pass.displaced = { op, step };
      } else if (step.kind === 'filter') {
        if (plain) continue;
        if (step.reads) next(named.get(step.reads));
        else if (!isFresh() || (step.needs && passes.length === 1)) next();
        pass.filter = { op, step };
        note(step.needs);
        if (step.through) {
          pass.sampling = { ...copying, ...step.through.sampling };
          pass.maps.push({ op, step: step.through, from: pass.to, to: pass.to });
        }
      } else if (step.kind === 'matrix') {
        next();
        pass.matrix = step;
      } else if (step.kind === 'pixel') {
        if (plain && !step.always) continue;
        // The first pass reads the data set, for which no statistics are computed.
        const known = step.shares && !pass.filter && step.needs?.every(({ of }) => pass[of]);
        if ((step.needs && !known && (!isFresh() || passes.length === 1)) || pass.matrix) next();
        note(step.needs);
        if (step.beside) pass.beside = named.get(step.beside)!;
        pass.pixels.push({ op, step, inside: false });
        if (step.names) named.set(step.names, passes.length - 1);
      }
    }
  }
  return passes;
}

/** Whether two sampling methods are compatible: no option is set to different values. */
function agree(a: Partial<Sampling>, b: Partial<Sampling>): boolean {
  const keys = ['fillMode', 'cval', 'interpolationOrder'] as const;
  return keys.every((key) => a[key] === undefined || b[key] === undefined || a[key] === b[key]);
}

/**
 * A part of the path from an output pixel of a pass to its sampling position: either maps multiplied into one matrix, or a window.
 */
export interface Leg {
  maps: PlacedMap[];
  window: boolean;
  /** Set if later maps may sample beyond the window's edge, where the fill mode applies. */
  folded: boolean;
}

/** The legs of a pass in the order of its ops. A pixel's path visits them from the last to the first. */
export function legsOf({ maps, displaced }: Pass): Leg[] {
  const legs: Leg[] = [];
  maps.forEach((map, i) => {
    const later = [...maps.slice(i + 1), ...(displaced ? [displaced] : [])];
    const folded = later.some(({ step }) => step.sampling?.fillMode !== undefined);
    // A window of whole pixels that is never sampled beyond its edge can be treated as an ordinary map.
    const window = map.step.window === 'scaled' || (map.step.window === 'whole' && folded);
    const last = legs.at(-1);
    if (!window && last && !last.window) last.maps.push(map);
    else legs.push({ maps: [map], window, folded: window && folded });
  });
  return legs;
}

/**
 * Assigns each pass an output buffer, reusing buffers that no later pass reads. Two are enough for passes that each read the
 * previous one.
 */
export function layOutputs(passes: readonly Pass[]): number[] {
  const lastReader = passes.map((_, i) =>
    passes.reduce((last, { reads, beside }, j) => (reads === i || beside === i ? j : last), i),
  );
  const buffers: number[] = [];
  passes.forEach((_, i) => {
    const taken = buffers.filter((_, earlier) => lastReader[earlier]! >= i);
    let free = 0;
    while (taken.includes(free)) free++;
    buffers.push(free);
  });
  return buffers;
}
