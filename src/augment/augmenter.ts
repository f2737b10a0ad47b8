import { integer, parse } from '../check.ts';
import { ConfigurationError } from '../errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { KernelCache } from '../gpu/kernel.ts';
import { Memory, type Slice } from '../gpu/memory.ts';
import { readSlices } from '../gpu/readback.ts';
import { bind, type Dispatch, replay } from '../gpu/recording.ts';
import { augmentDraw, augmentWarp, warpWords } from '../kernels/augment.ts';
import { packState, stateWords } from '../kernels/state.ts';
import { type Augmentation, type AugmentationConfig, parseAugmentation } from './config.ts';
import { composeAffine, fillParameters, type SampleParameters } from './matrix.ts';

export interface AugmenterOptions {
  /** [height, width, channels]. */
  imageShape: readonly [number, number, number];
  /** Keras' ImageDataGenerator arguments. `rescale` is not applied unless given. */
  augmentation: AugmentationConfig;
  /** An integer from 0 to 2^32 - 1; the trainer's draws the same. */
  seed?: number;
}

/** Which draws: those of these samples, by their index in the data set, in this epoch. */
export interface DrawOf {
  epoch: number;
  samples: ArrayLike<number>;
}

/**
 * Makes an augmenter: the kernels that the trainer warps its batches with, on images of one's own.
 *
 * @throws ConfigurationError at once for options that make no sense.
 */
export function createAugmenter(gpu: Gpu, options: AugmenterOptions): Augmenter {
  return new Augmenter(gpu, options);
}

const wholeNumber = integer(0, 2 ** 32 - 1);

function requireSamples(of: DrawOf): void {
  if (of?.samples?.length > 0) return;
  throw new ConfigurationError({
    what: 'It is not said which draws are wanted',
    found: of,
    wanted: '{ epoch, samples: [...] } with at least one sample',
  });
}

/** Random affine transforms of images on the GPU. Made by `createAugmenter`. */
export class Augmenter {
  readonly #gpu: Gpu;
  readonly #cache: KernelCache;
  readonly #augmentation: Augmentation;
  readonly #shape: { height: number; width: number; channels: number };
  readonly #seed: number;
  readonly #disposed = new AbortController();

  constructor(gpu: Gpu, options: AugmenterOptions) {
    const { imageShape } = options;
    if (
      !Array.isArray(imageShape) ||
      imageShape.length !== 3 ||
      !imageShape.every((n) => Number.isInteger(n) && n > 0)
    ) {
      throw new ConfigurationError({
        what: 'imageShape makes no sense',
        found: imageShape,
        wanted: 'three positive integers: [height, width, channels]',
      });
    }
    const [height, width, channels] = imageShape as [number, number, number];
    this.#gpu = gpu;
    this.#cache = new KernelCache(gpu.device, gpu.traits);
    this.#augmentation = parseAugmentation(options.augmentation ?? {}, imageShape);
    this.#shape = { height, width, channels };
    this.#seed = parse(wholeNumber, options.seed ?? 0, 'seed');
  }

  /** The parameters of each sample, a function of (seed, epoch, sample) alone. */
  draw(of: DrawOf): Promise<SampleParameters[]> {
    return this.#with(async (memory) => {
      requireSamples(of);
      const { dispatch, parameters } = await this.#draw(memory, of, true);
      this.#run([dispatch]);
      const [bytes] = await readSlices(this.#gpu, memory, [parameters!]);
      const values = new Float32Array(bytes!);
      return Array.from({ length: of.samples.length }, (_, i) => {
        const [theta, tx, ty, shear, zx, zy, flipHorizontal, flipVertical] = values.subarray(i * warpWords);
        return {
          theta: theta!,
          tx: tx!,
          ty: ty!,
          shear: shear!,
          zx: zx!,
          zy: zy!,
          flipHorizontal: flipHorizontal === 1,
          flipVertical: flipVertical === 1,
        };
      });
    });
  }

  /**
   * Warps images: with these parameters (what is left out is the identity), or with the draws of an epoch's samples.
   *
   * @param images NHWC, bytes or floats, one for each of the parameters or samples.
   * @returns the warped images, NHWC.
   * @throws ConfigurationError where images and parameters differ in number, or for an unknown parameter.
   */
  apply(images: Uint8Array | Float32Array, how: readonly Partial<SampleParameters>[] | DrawOf): Promise<Float32Array> {
    return this.#with(async (memory) => {
      const { height, width, channels } = this.#shape;
      if (!Array.isArray(how)) requireSamples(how as DrawOf);
      const count = Array.isArray(how) ? how.length : (how as DrawOf).samples.length;
      const elements = height * width * channels;
      const isBytes = images instanceof Uint8Array;
      if ((!isBytes && !(images instanceof Float32Array)) || images.length !== count * elements || count === 0) {
        throw new ConfigurationError({
          what: "The images don't match the parameters",
          found: `${(images as object)?.constructor?.name} of ${images?.length}, for ${count} images`,
          wanted: `a Uint8Array or Float32Array of ${count} x ${height} x ${width} x ${channels} = ${count * elements} numbers`,
        });
      }
      const dispatches: Dispatch[] = [];
      let warps: Slice;
      if (Array.isArray(how)) {
        warps = memory.upload('warps', this.#compose(how));
      } else {
        const draw = await this.#draw(memory, how as DrawOf, false);
        warps = draw.warps;
        dispatches.push(draw.dispatch);
      }
      const shape = {
        ...this.#shape,
        batch: count,
        samples: count,
        augmentation: this.#augmentation,
        bytes: isBytes,
        always: true,
      };
      const kernel = await this.#cache.compile(augmentWarp, shape);
      const y = memory.storage('augmenter.y', count * elements);
      dispatches.push(
        bind(this.#gpu.device, kernel, '', { warps, images: memory.upload('augmenter.images', images), y }),
      );
      this.#run(dispatches);
      const [bytes] = await readSlices(this.#gpu, memory, [y]);
      return new Float32Array(bytes!, 0, count * elements);
    });
  }

  /** Calls under way reject, later ones too; what they hold is freed. The device stays. */
  dispose(): void {
    this.#disposed.abort();
  }

  async #draw(memory: Memory, { epoch, samples }: DrawOf, wantParameters: boolean) {
    parse(wholeNumber, epoch, 'epoch');
    const order = Uint32Array.from(samples, (sample) => parse(wholeNumber, sample, 'a sample'));
    const count = order.length;
    const shape = {
      ...this.#shape,
      batch: count,
      samples: count,
      augmentation: this.#augmentation,
      labelled: false,
      parameters: wantParameters,
    };
    const kernel = await this.#cache.compile(augmentDraw, shape);
    const state = memory.storage('augmenter.state', stateWords);
    const values = { seed: this.#seed, epoch, position: count, samples: count, start: 0, count };
    this.#gpu.device.queue.writeBuffer(state.buffer, 0, packState(values));
    const warps = memory.storage('augmenter.warps', count * warpWords);
    const parameters = wantParameters ? memory.storage('augmenter.parameters', count * warpWords) : undefined;
    const buffers = { state, order: memory.upload('augmenter.order', order), warps, ...(parameters && { parameters }) };
    return { dispatch: bind(this.#gpu.device, kernel, '', buffers), warps, parameters };
  }

  #compose(parameters: readonly Partial<SampleParameters>[]): Float32Array {
    const warps = new Float32Array(parameters.length * warpWords);
    const indices = new Uint32Array(warps.buffer);
    for (const [i, given] of parameters.entries()) {
      const affine = composeAffine(
        fillParameters(given, i),
        this.#shape.height,
        this.#shape.width,
        this.#augmentation.compat,
      );
      warps.set(affine, i * warpWords);
      indices[i * warpWords + 6] = i;
    }
    return warps;
  }

  #run(dispatches: readonly Dispatch[]): void {
    const encoder = this.#gpu.device.createCommandEncoder({ label: 'augmenter' });
    const pass = encoder.beginComputePass();
    replay(pass, dispatches);
    pass.end();
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  async #with<T>(work: (memory: Memory) => Promise<T>): Promise<T> {
    const { signal } = this.#disposed;
    const gone = () => new ConfigurationError({ what: 'The augmenter is disposed of', fix: 'make a new one' });
    if (signal.aborted) throw gone();
    const memory = new Memory(this.#gpu.device);
    const done = work(memory);
    // Buffers live as long as work that may still use them: destroyed earlier, the device would report a misuse.
    const free = () => memory.dispose();
    done.then(free, free);
    const stop = new AbortController();
    const disposed = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(gone()), { signal: stop.signal });
    });
    try {
      return await Promise.race([done, this.#gpu.failure, disposed]);
    } finally {
      stop.abort();
    }
  }
}
