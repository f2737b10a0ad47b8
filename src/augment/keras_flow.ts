import { ConfigurationError } from '../errors.ts';
import { drawKeras, type KerasDraw, type KerasRanges } from './keras_draws.ts';
import { NumpyRandom } from './numpy_random.ts';

/** Keras' `ImageDataGenerator(...).flow(x, batch_size, shuffle, seed)`. */
export interface KerasFlowOptions {
  ranges: KerasRanges;
  /** [height, width, channels]. */
  imageShape: readonly number[];
  /** Images in x. */
  samples: number;
  batchSize: number;
  shuffle?: boolean;
  /** Keras seeds NumPy with it before each batch, plus the number of batches so far. Without one, no run can be repeated. */
  seed: number;
}

/** Samples in the order in which Keras gives them, each with what was drawn for it. */
export interface KerasBatch {
  order: Uint32Array;
  parameters: KerasDraw[];
}

/**
 * How batches are asked for. By Python's iterator (`next`, `for ... in flow`), or by number with the epochs' ends told,
 * as `model.fit` does. `looked` is how many `fit` asks for before the first epoch, to learn their shapes, after which it
 * tells an epoch's end: with Keras 3, a new model's first fit looks at 1 on JAX and at 2 on TensorFlow, whatever there
 * is; by hand it is 0. (fit(shuffle=True), its default, asks for the batches in an order by Python's own generator: a run
 * that is to be repeated has shuffle=False there.)
 */
export type KerasPath = { by: 'next' } | { by: 'fit'; looked: 0 | 1 | 2 };

/**
 * Keras' iterator, as it draws (Iterator and NumpyArrayIterator in keras/src/legacy/preprocessing/image.py;
 * keras-preprocessing 1.1 has the same).
 */
export class KerasFlow {
  /** Batches of an epoch; the last may be short. */
  readonly batches: number;
  readonly #options: KerasFlowOptions;
  readonly #random: NumpyRandom;
  #order: Uint32Array | undefined;
  #batchesSeen = 0;
  #position = 0;

  /** @throws ConfigurationError for a number of samples, a batch size or a seed that Keras would not take. */
  constructor(options: KerasFlowOptions) {
    for (const name of ['samples', 'batchSize'] as const) {
      if (Number.isInteger(options[name]) && options[name] > 0) continue;
      throw new ConfigurationError({
        what: `${name} is invalid`,
        found: options[name],
        expected: 'a positive integer',
      });
    }
    this.#options = options;
    this.#random = new NumpyRandom(requireSeed(options.seed));
    this.batches = Math.ceil(options.samples / options.batchSize);
  }

  /** Keras' `flow[index]`. */
  getItem(index: number): KerasBatch {
    this.#seed();
    this.#order ??= this.#shuffled();
    return this.#batch(index);
  }

  /** Keras' `flow.on_epoch_end()`: the next order, from wherever the stream is. */
  endEpoch(): void {
    this.#order = this.#shuffled();
  }

  /** Keras' `next(flow)`. */
  next(): KerasBatch {
    this.#seed();
    if (this.#position === 0) this.#order = this.#shuffled();
    const index = this.#position;
    this.#position = (index + 1) % this.batches;
    return this.#batch(index);
  }

  /** As if so many batches had been asked for before, the first order among them. */
  skip(batches: number): void {
    this.#batchesSeen = batches;
    this.#order = batches > 0 ? new Uint32Array(this.#options.samples) : undefined;
  }

  #seed(): void {
    this.#random.seed(requireSeed(this.#options.seed + this.#batchesSeen));
    this.#batchesSeen += 1;
  }

  #shuffled(): Uint32Array {
    const { samples, shuffle = true } = this.#options;
    return shuffle ? this.#random.permutation(samples) : Uint32Array.from({ length: samples }, (_, i) => i);
  }

  #batch(index: number): KerasBatch {
    const { ranges, imageShape, batchSize } = this.#options;
    const [height, width] = imageShape as [number, number];
    const order = this.#order!.slice(index * batchSize, (index + 1) * batchSize);
    return { order, parameters: Array.from(order, () => drawKeras(this.#random, ranges, height, width)) };
  }
}

/**
 * One epoch of a Keras run: the order of its samples and what was drawn for each, without the epochs before it. Each batch
 * begins its own stream, so of what came earlier only the last batch counts, behind which Keras draws the order.
 *
 * @param epoch from 0.
 * @throws ConfigurationError as `KerasFlow` does, and where the seeds of this epoch go beyond 2^32 - 1: so does Keras.
 */
export function kerasEpoch(options: KerasFlowOptions, path: KerasPath, epoch: number): KerasBatch {
  const flow = new KerasFlow(options);
  const { batches } = flow;
  const first = epoch * batches;
  if (path.by === 'next') {
    flow.skip(first);
    return joined(Array.from({ length: batches }, () => flow.next()));
  }
  const looked = Math.min(path.looked, batches);
  const seen = looked + first;
  if (seen > 0) {
    flow.skip(seen - 1);
    flow.getItem((epoch > 0 ? batches : looked) - 1);
    flow.endEpoch();
  }
  return joined(Array.from({ length: batches }, (_, i) => flow.getItem(i)));
}

/**
 * The draws of Keras' `fit(x, augment=True, rounds, seed)`: for image i of round r the parameters at r * samples + i.
 *
 * @throws ConfigurationError for a seed that NumPy would not take.
 */
export function kerasFitDraws(options: Omit<KerasFlowOptions, 'batchSize' | 'shuffle'>, rounds: number): KerasDraw[] {
  const { ranges, imageShape, samples } = options;
  const [height, width] = imageShape as [number, number];
  const random = new NumpyRandom(requireSeed(options.seed));
  return Array.from({ length: rounds * samples }, () => drawKeras(random, ranges, height, width));
}

function joined(parts: readonly KerasBatch[]): KerasBatch {
  return {
    order: Uint32Array.from(parts.flatMap(({ order }) => [...order])),
    parameters: parts.flatMap(({ parameters }) => parameters),
  };
}

function requireSeed(seed: number): number {
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw new ConfigurationError({
    what: 'NumPy takes no such seed',
    found: seed,
    expected: 'an integer from 0 to 2^32 - 1, also with the number of batches added',
  });
}
