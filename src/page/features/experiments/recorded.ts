/** Encodes the figures of a recorded run as short texts: a few kilobytes are enough to show it. */

/** Printable characters except the two that JSON has to escape. */
const alphabet = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter((c) => !'"\\'.includes(c));
/** The last character stands for a value that is missing or not finite. */
const levels = alphabet.length - 1;
const none = alphabet.at(-1)!;

/** Values from -1 to 1, one character each: 91 levels are enough for a thumbnail's colors. */
export const writePlaces = (places: readonly (number | null)[]): string =>
  places.map((place) => (place === null ? none : alphabet[Math.round(((place + 1) / 2) * (levels - 1))])).join('');

export const readPlaces = (text: string): (number | null)[] =>
  [...text].map((c) => (c === none ? null : (2 * alphabet.indexOf(c)) / (levels - 1) - 1));

/** Range of the layers' figures, as powers of ten. */
const [least, most] = [-12, 4];
const fine = levels ** 2 - 1;

/** Positive figures, two characters each, with a precision of a quarter of a percent. */
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

/** A small map of a run: for each measured layer, a text as `writePlaces` returns it. */
export type SmallMap = string[];

export interface Thumbnail {
  /** The first network, and its twin if the experiment has one. */
  a: SmallMap;
  b?: SmallMap;
  /** Milliseconds per step on a software adapter, estimated from the networks' operations, and the number of steps there. */
  stepMs: number;
  steps: number;
}

/** A downsampled recording of a run: each value stands for all steps of a span. */
export interface RecordedRun {
  steps: number;
  span: number;
  stepsPerEpoch: number;
  /** Mean over each span. */
  loss: number[];
  accuracy: number[];
  /** Loss and accuracy after each epoch. */
  validation: [loss: number, accuracy: number][];
  /** The first validation image and each layer's activations for it, as the drawing shows them: texts of `writePlaces`. */
  pictures: string[];
  /** By the layer's name, in the model's order: texts of `writeFigures`. */
  layers: Record<string, { reach: string; norm: string; updateRatio: string }>;
  verdicts: { layer: string; verdict: string; step: number; epoch: number; remedy: number }[];
  /** Texts of the verdicts' remedies. */
  remedies: string[];
}
