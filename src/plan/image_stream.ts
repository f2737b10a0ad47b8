import type { Slice } from '../gpu/memory.ts';
import { anyAborted, unlessAborted } from '../gpu/unless_aborted.ts';
import type { ImageUse } from '../image_source.ts';
import type { ImageWindow } from './image_window.ts';

/** The order of an epoch's samples, and the epoch number that seeds its random numbers. */
export interface StreamedEpoch {
  order: Uint32Array;
  epoch: number;
}

/** Dependencies of a stream. */
export interface StreamParts {
  device: GPUDevice;
  window: ImageWindow;
  /** Number of images in the data set. An entry of an order is copy * count + image. */
  count: number;
  /** Two words per position of an epoch: the entry of its order, and the image's position in the window. */
  order: Slice;
  /** Reads images. Resolves with a function that writes them to the window, starting at the given image position. */
  read: (indices: Uint32Array) => Promise<(place: number) => void>;
  /** The index of the image that a sample of an epoch is mixed with; undefined without mixing. */
  partnerOf?: (epoch: number, image: number, copy: number) => number;
}

/** Maximum number of concurrent reads: while the images of one are decoded, the next one reads from disk. */
const mostReads = 2;

/** The images of a range of positions within an epoch. */
interface Chunk extends StreamedEpoch {
  /** Counts the passes over epochs, to tell the current pass from the next one. */
  pass: number;
  from: number;
  to: number;
  /** Index in the window. */
  slot: number;
  isLoaded: boolean;
  /** True once its entries of the order are on the GPU. */
  isActive: boolean;
  /** True if nothing waits for it anymore. */
  isDropped: boolean;
  loading: Promise<void>;
}

/** The position at which the next chunk begins, and the pass it belongs to. */
type Cursor = StreamedEpoch & { pass: number; at: number };

/**
 * Uploads the images of an epoch's samples in order, chunk by chunk, so that the next steps' images arrive while earlier steps
 * run. A chunk's slot is reused once the steps that read it are done and their records have been read, because after a halt the
 * GPU repeats the batch that failed.
 */
export class ImageStream {
  readonly #parts: StreamParts;
  readonly #free: number[];
  /** In order: chunks in use, chunks that are ready, chunks being read. */
  #chunks: Chunk[] = [];
  #current: StreamedEpoch = { order: new Uint32Array(), epoch: -1 };
  #follow: (() => StreamedEpoch | undefined) | undefined;
  /** Where the next chunk begins. */
  #cursor: Cursor | undefined;
  #pass = 0;
  /** Positions of the epoch that were submitted, and how many of them are done. */
  #submitted = 0;
  #done = 0;
  #reads = 0;
  /** Aborted whenever another chunk starts being read. */
  #arrival = new AbortController();
  #isDisposed = false;
  /** Totals in milliseconds, and the time of the last change of state. */
  readonly #times = { waited: 0, first: 0, read: 0, elapsed: 0, mark: 0, readSince: 0, idleSince: 0 };
  #hasBegun = false;
  #imagesRead = 0;
  #samplesDone = 0;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#free = Array.from({ length: parts.window.chunks }, (_, slot) => slot);
  }

  /**
   * Starts a pass over the samples from a position. Chunks of this epoch that were read ahead are kept.
   *
   * @param follow returns the next epoch, which is then read ahead; called when this one has been read to its end.
   */
  begin(current: StreamedEpoch, position: number, follow?: () => StreamedEpoch | undefined): void {
    this.#pass++;
    const isAhead = (chunk: Chunk) => chunk.pass === this.#pass && position === 0 && isSame(chunk, current);
    for (const chunk of [...this.#chunks]) if (!isAhead(chunk)) this.#drop(chunk);
    this.#current = current;
    this.#follow = follow;
    this.#submitted = position;
    this.#done = position;
    this.#cursor = { ...current, pass: this.#pass, at: this.#chunks.at(-1)?.to ?? position };
    const now = performance.now();
    this.#times.idleSince = now;
    this.#times.mark = now;
    this.#fill();
  }

  /**
   * Waits until the images of the next position are on the GPU. @returns the number of samples that may be submitted from
   * there; 0 if a signal aborted first.
   *
   * @throws the errors of the source.
   */
  async ready(...signals: readonly AbortSignal[]): Promise<number> {
    const isOver = () => this.#submitted >= this.#current.order.length || signals.some((signal) => signal.aborted);
    const begun = performance.now();
    let hasWaited = false;
    for (let next = this.#next(); !next?.isLoaded && !isOver(); next = this.#next()) {
      hasWaited = true;
      // If there is no chunk for this position, all are in use. One becomes free when its steps are done.
      await (next
        ? unlessAborted(next.loading, ...signals).catch((error) => {
            // A signal ends the wait, and its reason is not an error. Errors of the source are rethrown.
            if (!signals.some((signal) => signal.aborted && signal.reason === error)) throw error;
          })
        : anyAborted([...signals, this.#arrival.signal]));
    }
    if (hasWaited && this.#done === this.#submitted) {
      const waited = performance.now() - Math.max(begun, this.#times.idleSince);
      this.#times[this.#hasBegun ? 'waited' : 'first'] += waited;
    }
    if (isOver()) return 0;
    if (!this.#hasBegun) this.#times.mark = performance.now();
    this.#hasBegun = true;
    let to = this.#submitted;
    for (const chunk of this.#chunks) {
      if (chunk.pass !== this.#pass || chunk.to <= to) continue;
      if (!chunk.isLoaded || chunk.from > to) break;
      this.#activate(chunk);
      to = chunk.to;
    }
    return to - this.#submitted;
  }

  /** Records that samples were submitted. */
  submitted(samples: number): void {
    this.#submitted = Math.min(this.#current.order.length, this.#submitted + samples);
  }

  /** Records that samples are done. */
  done(samples: number): void {
    const before = this.#done;
    this.#done = Math.min(this.#submitted, this.#done + samples);
    this.#samplesDone += this.#done - before;
    const now = performance.now();
    this.#times.elapsed += now - this.#times.mark;
    this.#times.mark = now;
    if (this.#done === this.#submitted) this.#times.idleSince = now;
    for (const chunk of this.#chunks.filter((one) => one.isActive && one.to <= this.#done)) this.#drop(chunk);
    this.#fill();
  }

  get figures(): Required<
    Pick<ImageUse, 'imagesRead' | 'waitMs' | 'firstWaitMs' | 'readMs' | 'elapsedMs' | 'readRate' | 'useRate'>
  > {
    const { waited, first, elapsed, readSince } = this.#times;
    const read = this.#times.read + (this.#reads > 0 ? performance.now() - readSince : 0);
    const rate = (images: number, ms: number) => (ms > 0 ? (1000 * images) / ms : 0);
    return {
      imagesRead: this.#imagesRead,
      waitMs: waited,
      firstWaitMs: first,
      readMs: read,
      elapsedMs: elapsed,
      readRate: rate(this.#imagesRead, read),
      useRate: rate(this.#samplesDone, elapsed - waited),
    };
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const chunk of [...this.#chunks]) this.#drop(chunk);
  }

  /** The chunk that contains the next position, if there is one. */
  #next(): Chunk | undefined {
    const at = this.#submitted;
    return this.#chunks.find(({ pass, from, to }) => pass === this.#pass && from <= at && at < to);
  }

  #drop(chunk: Chunk): void {
    chunk.isDropped = true;
    this.#chunks.splice(this.#chunks.indexOf(chunk), 1);
    this.#free.push(chunk.slot);
  }

  /** Reads ahead while there is room in the window. */
  #fill(): void {
    while (this.#free.length > 0 && this.#reads < mostReads && !this.#isDisposed) {
      const cursor = this.#nextCursor();
      if (!cursor) return;
      const { order, epoch, pass, at } = cursor;
      const to = Math.min(order.length, at + this.#parts.window.chunk);
      const chunk: Chunk = {
        ...{ order, epoch, pass, from: at, to, slot: this.#free.shift()! },
        ...{ isLoaded: false, isActive: false, isDropped: false, loading: Promise.resolve() },
      };
      cursor.at = to;
      this.#chunks.push(chunk);
      chunk.loading = this.#load(chunk);
      chunk.loading.catch(() => undefined); // the code that awaits it gets the error
      this.#arrival.abort();
      this.#arrival = new AbortController();
    }
  }

  #nextCursor(): Cursor | undefined {
    const cursor = this.#cursor;
    if (cursor && cursor.at >= cursor.order.length) {
      const next = this.#follow?.();
      // Reading one epoch ahead is enough: the current one ends before the second is needed.
      this.#follow = undefined;
      this.#cursor = next && { ...next, pass: this.#pass + 1, at: 0 };
    }
    return this.#cursor;
  }

  async #load(chunk: Chunk): Promise<void> {
    const { count, window, read, partnerOf } = this.#parts;
    const entries = chunk.order.subarray(chunk.from, chunk.to);
    const images = entries.map((entry) => entry % count);
    const partners =
      partnerOf && entries.map((entry) => partnerOf(chunk.epoch, entry % count, Math.floor(entry / count)));
    const begun = performance.now();
    if (this.#reads++ === 0) this.#times.readSince = begun;
    try {
      const puts = await Promise.all([images, ...(partners ? [partners] : [])].map((indices) => read(indices)));
      this.#imagesRead += puts.length * images.length;
      if (chunk.isDropped) return;
      for (const [i, put] of puts.entries()) put(this.#placeOf(chunk) + i * window.chunk);
      chunk.isLoaded = true;
    } finally {
      if (--this.#reads === 0) this.#times.read += performance.now() - this.#times.readSince;
      this.#fill();
    }
  }

  /** Position of its first image in the window. */
  #placeOf({ slot }: Chunk): number {
    const { chunk, each } = this.#parts.window;
    return slot * chunk * each;
  }

  /** Writes the window positions of its images to the order on the GPU. */
  #activate(chunk: Chunk): void {
    if (chunk.isActive) return;
    chunk.isActive = true;
    const { device, order } = this.#parts;
    const { from, to } = chunk;
    const first = this.#placeOf(chunk);
    const words = new Uint32Array(2 * (to - from));
    for (let at = from; at < to; at++) words.set([chunk.order[at]!, first + at - from], 2 * (at - from));
    device.queue.writeBuffer(order.buffer, order.offset + 8 * from, words);
  }
}

const isSame = (a: StreamedEpoch, b: StreamedEpoch): boolean =>
  a.epoch === b.epoch && a.order.length === b.order.length && a.order.every((entry, at) => entry === b.order[at]);
