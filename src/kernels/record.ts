/** The ring of records that the host reads: one record per step, of `words` 4-byte words. */
export interface RecordShape {
  words: number;
  slots: number;
}

/** Index of each field in a block, starting at 0. */
const places = <const N extends string>(...names: N[]) =>
  Object.fromEntries(names.map((name, place) => [name, place])) as Record<N, number>;

// A record begins with this block, followed by `gradientField` for each trained tensor. If gradient health is measured,
// `layerField` for each measured layer, `tensorField` for each trained tensor and `inputField` follow. Shaders receive the
// indices as constants, see below.

/** `correct` is a count; for regression losses it is the sum of the samples' mean absolute errors, a float. */
export const recordField = places(
  'step',
  'epoch',
  'count',
  'loss',
  'correct',
  'skipped',
  'updates',
  'halted',
  'learningRate',
);

/** A gradient's sum of squares, and the number of its non-finite elements. */
export const gradientField = places('squares', 'nonFinite');

export const layerField = places(
  'mean',
  'standardDeviation',
  'zeros',
  'saturated',
  'nonFiniteActivations',
  'dead',
  'deltaNorm',
  'nonFiniteDeltas',
  'equal',
);

export const tensorField = places('gradientMax', 'weightNorm', 'updateNorm', 'nonFiniteWeights');

/** Statistics of the first layer's input. */
export const inputField = places('mean', 'standardDeviation');

const wordsOf = (block: Record<string, number>): number => Object.keys(block).length;

/** Number of words in each block. */
export const blockWords = {
  record: wordsOf(recordField),
  gradient: wordsOf(gradientField),
  layer: wordsOf(layerField),
  tensor: wordsOf(tensorField),
  input: wordsOf(inputField),
};

/** Index of the first word of a tensor's gradient within a record. */
export const gradientAt = (tensor: number): number => blockWords.record + blockWords.gradient * tensor;

/** Words of a record without gradient health. */
export const recordWords = (tensors: number): number => gradientAt(tensors);

/** Words that gradient health adds. */
export const healthWords = (layers: number, tensors: number): number =>
  blockWords.layer * layers + blockWords.tensor * tensors + blockWords.input;

export const recordConstants = (r: RecordShape) => ({ record_words: r.words, record_slots: r.slots });

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const constantsOf = (prefix: string, block: Record<string, number>) =>
  Object.entries(block).map(([name, place]) => `const ${prefix}_${snakeCase(name)} = ${place}u;`);

/** Field indices for the shaders that write a record: `record_loss`, `gradient_squares`, `layer_mean`, `tensor_weight_norm`. */
export const recordSource = `
${constantsOf('record', recordField).join('\n')}
const gradients_at = ${gradientAt(0)}u;
${constantsOf('gradient', { ...gradientField, words: blockWords.gradient }).join('\n')}
`;

/** Field indices for the shaders that write gradient health. */
export const healthSource = `
${constantsOf('layer', { ...layerField, words: blockWords.layer }).join('\n')}
${constantsOf('tensor', { ...tensorField, words: blockWords.tensor }).join('\n')}
${constantsOf('input', inputField).join('\n')}
`;
