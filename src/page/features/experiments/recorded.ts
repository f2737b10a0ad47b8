/** Figures of a recorded run as short texts: a few kilobytes are enough for a picture of it. */

/** Printable characters but the two that JSON writes as two. */
const alphabet = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter((c) => !'"\\'.includes(c));
/** The last character stands for a value that is missing, or not finite. */
const levels = alphabet.length - 1;
const none = alphabet.at(-1)!;

/** Places from -1 to 1, a character each: 91 steps, as many as a thumbnail's colors need. */
export const writePlaces = (places: readonly (number | null)[]): string =>
  places.map((place) => (place === null ? none : alphabet[Math.round(((place + 1) / 2) * (levels - 1))])).join('');

export const readPlaces = (text: string): (number | null)[] =>
  [...text].map((c) => (c === none ? null : (2 * alphabet.indexOf(c)) / (levels - 1) - 1));

/** Powers of ten that figures of layers lie between. */
const [least, most] = [-12, 4];
const fine = levels ** 2 - 1;

/** Positive figures, two characters each: to a quarter of a per cent. */
export const writeFigures = (figures: readonly (number | null)[]): string =>
  figures
    .map((value) => {
      if (value === null || !(value > 0) || !Number.isFinite(value)) return none + none;
      const share = (Math.log10(value) - least) / (most - least);
      const level = Math.round(Math.max(0, Math.min(1, share)) * fine);
      return alphabet[Math.floor(level / levels)]! + alphabet[level % levels]!;
    })
    .join('');

export const readFigures = (text: string): (number | null)[] =>
  (text.match(/../gs) ?? []).map((pair) => {
    if (pair[0] === none) return null;
    const level = alphabet.indexOf(pair[0]!) * levels + alphabet.indexOf(pair[1]!);
    return 10 ** (least + (level / fine) * (most - least));
  });

/** The map of a run, small: a text of places for each measured layer, as `writePlaces` gives it. */
export type SmallMap = string[];

export interface Thumbnail {
  /** The first network, and its twin where the experiment has one. */
  a: SmallMap;
  b?: SmallMap;
  /** Milliseconds of a step on a software adapter, estimated from what the networks compute, and steps of the run there. */
  stepMs: number;
  steps: number;
}

/** A recorded run, thinned out: a value stands for all steps of a span. */
export interface RecordedRun {
  steps: number;
  span: number;
  stepsPerEpoch: number;
  /** Means of each span. */
  loss: number[];
  accuracy: number[];
  /** After each epoch: loss and accuracy. */
  validation: [loss: number, accuracy: number][];
  /** By the layer's name, in the model's order: texts of `writeFigures`. */
  layers: Record<string, { reach: string; norm: string; updateRatio: string }>;
  verdicts: { layer: string; verdict: string; step: number; epoch: number; remedy: number }[];
  /** Words of the verdicts' remedies. */
  remedies: string[];
}
