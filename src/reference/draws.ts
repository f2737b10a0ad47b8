import { appliedPurpose, type Draw, isRecorded } from '../augment/op.ts';
import type { Pipeline } from '../augment/pipeline.ts';
import { philox } from './random.ts';

/** Key of random numbers: the image and the epoch. `copy` is 0 unless an image is seen several times per epoch. */
export interface DrawKey {
  seed: number;
  epoch: number;
  sample: number;
  copy?: number;
}

/** The first two words of Philox for a purpose: the first as a number in [0, 1) with 24 bits, and both as words. */
function wordsFor({ seed, epoch, sample, copy = 0 }: DrawKey, purpose: number): [unit: number, second: number] {
  const [first, second] = philox([sample, epoch, purpose, copy], [seed, 0]);
  return [(first >>> 8) / 2 ** 24, second];
}

/** A number in [0, 1) with 24 bits, the basis of all sampling. */
export const unit = (key: DrawKey, purpose: number): number => wordsFor(key, purpose)[0];

/** Rounds halves to even, as WGSL's round() and Python do. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/**
 * Samples one parameter of an op as its field specifies.
 *
 * @param drawnBefore values of the op's earlier fields.
 */
export function drawNumber(
  draw: Draw,
  key: DrawKey,
  purpose: number,
  drawnBefore: (field: string) => number = () => 0,
): number {
  const [u, second] = wordsFor(key, purpose);
  switch (draw.from) {
    case 'uniform':
      return draw.low + (draw.high - draw.low) * u;
    case 'signed':
      return (draw.low + (draw.high - draw.low) * u) * (second % 2 === 1 ? -1 : 1);
    case 'rounded':
      return roundHalfEven(draw.low + (draw.high - draw.low) * u);
    case 'integer':
      return Math.min(draw.high, draw.low + Math.floor((draw.high - draw.low + 1) * u));
    case 'logUniform':
      return Math.exp(Math.log(draw.low) + (Math.log(draw.high) - Math.log(draw.low)) * u);
    case 'chance':
      return u < draw.p ? 1 : 0;
    case 'choice':
      return oneOf(draw.values, u);
    case 'signedChoice':
      return oneOf(draw.values, u) * (second % 2 === 1 ? -1 : 1);
    case 'choiceBy':
      return oneOf(draw.values[drawnBefore(draw.field)]!, u);
    case 'constant':
      return draw.value;
    case 'beta':
      throw new Error('Beta is drawn by rejection: see its own twin');
  }
}

const oneOf = (values: readonly number[], u: number) =>
  values[Math.min(values.length - 1, Math.floor(values.length * u))]!;

/**
 * The record of a sample: for each op a word that says whether it is applied, then its fields. Ops with their own sampling function
 * leave zeros.
 */
export function drawRecord(pipeline: Pipeline, key: DrawKey, augmented = true): Float64Array {
  const record = new Float64Array(pipeline.words);
  for (const op of pipeline.ops.filter(isRecorded)) {
    const applied = augmented && (op.p >= 1 || unit(key, op.purpose + appliedPurpose) < op.p);
    record[op.at] = applied ? 1 : 0;
    const drawnBefore = (name: string) => record[op.at + 1 + op.fields.findIndex((field) => field.name === name)]!;
    op.fields.forEach(({ identity = 0, draw }, i) => {
      record[op.at + 1 + i] = applied && draw ? drawNumber(draw, key, op.purpose + i, drawnBefore) : identity;
    });
  }
  return record;
}
