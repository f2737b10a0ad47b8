import { ConfigurationError } from '../errors.ts';
import { drawKeras, type KerasDraw, type KerasRanges } from './keras_draws.ts';
import { NumpyRandom } from './numpy_random.ts';

/** Keras' `ImageDataGenerator(...).flow(x, batch_size, shuffle, seed)`. */
export interface KerasFlowOptions {
  ranges: KerasRanges;
  /** [height, width, channels]. */
  imageShape: readonly number[];
  /** Number of images in x. */
  samples: number;
  batchSize: number;
  shuffle?: boolean;
  /**
   * Before each batch, Keras seeds NumPy with this number plus the number of batches so far. Without a seed, a run can't be
   * repeated.
   */
  seed: number;
}

/** Samples in the order in which Keras yields them, with the parameters sampled for each. */
export interface KerasBatch {
  order: Uint32Array;
  parameters: KerasDraw[];
}

/**
 * How batches are requested: by Python's iterator (`next`, `for ... in flow`), or by index with notifications at the end of each
 * epoch, as `model.fit` does. `looked` is the number of batches that `fit` requests before the first epoch to infer their shapes,
 * after which it signals an epoch end. With Keras 3, a new model's first fit requests 1 on JAX and 2 on TensorFlow, regardless of
 * the data set's size; it is 0 if batches are requested by hand. (fit(shuffle=True), the default, requests batches in an order from
 * Python's own generator, so a reproducible run needs shuffle=False.)
 */
export type KerasPath = { by: 'next' } | { by: 'fit'; looked: 0 | 1 | 2 };

/**
 * Reproduces the sampling of Keras' iterator (Iterator and NumpyArrayIterator in keras/src/legacy/preprocessing/image.py, identical
 * in keras-preprocessing 1.1).
 */
export class KerasFlow {
  /** Number of batches per epoch; the last one may be smaller. */
  readonly batches: number;
  readonly #options: KerasFlowOptions;
  readonly #random: NumpyRandom;
  #order: Uint32Array | undefined;
  #batchesSeen = 0;
  #position = 0;

  /** @throws ConfigurationError for a number of samples, a batch size or a seed that Keras rejects. */
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

  /** Keras' `flow.on_epoch_end()`: samples the next order from the current state of the generator. */
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

  /** Advances as if `batches` batches had been requested, including the sampling of the first order. */
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
 * One epoch of a Keras run: the order of its samples and the parameters sampled for each, without computing the epochs before it.
 * Each batch reseeds the generator, so only the last earlier batch matters, after which Keras samples the order.
 *
 * @param epoch counted from 0.
 * @throws ConfigurationError as `KerasFlow` does, and if the seeds of this epoch exceed 2^32 - 1, as in Keras.
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
 * The parameters sampled by Keras' `fit(x, augment=True, rounds, seed)`; those of image i in round r are at index r * samples + i.
 *
 * @throws ConfigurationError for a seed that NumPy rejects.
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
    what: 'Invalid seed for NumPy',
    found: seed,
    expected: 'an integer from 0 to 2^32 - 1, also with the number of batches added',
  });
}
