const words = 624;
const middle = 397;

/**
 * NumPy's legacy generator, `numpy.random.RandomState`: MT19937 and the distributions that NumPy derives from it (Matsumoto and
 * Nishimura, 1998; numpy/random/mtrand.pyx, which NumPy keeps bit for bit). `np.random.*` uses a global instance of it, and so does
 * everything that Keras' ImageDataGenerator samples.
 */
export class NumpyRandom {
  readonly #state = new Uint32Array(words);
  #position = words;

  /** @param seed see `seed`. */
  constructor(seed: number) {
    this.seed(seed);
  }

  /**
   * Resets the generator, as `np.random.seed(seed)` does for an integer.
   *
   * @param seed an integer from 0 to 2^32 - 1, the range that NumPy accepts.
   */
  seed(seed: number): void {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < words; i++) {
      const last = state[i - 1]! ^ (state[i - 1]! >>> 30);
      state[i] = Math.imul(1812433253, last) + i;
    }
    this.#position = words;
  }

  /** A float64 from [0, 1), with 53 random bits from two words. */
  random(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A float64 from [low, high); high may be the lower one. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** An integer from 0 to of - 1, or an element of a list. With a single choice no random number is consumed. */
  choice(of: number): number;
  choice<T>(of: readonly T[]): T;
  choice<T>(of: number | readonly T[]): number | T {
    return typeof of === 'number' ? this.#upTo(of - 1) : of[this.#upTo(of.length - 1)]!;
  }

  /** The integers 0 to count - 1, shuffled. */
  permutation(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = this.#upTo(i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }

  /** An integer from 0 to `most`: takes the lowest bits that can hold it and repeats until they are in range. */
  #upTo(most: number): number {
    if (most === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(most);
    for (;;) {
      const value = (this.#word() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  #word(): number {
    if (this.#position === words) this.#twist();
    let y = this.#state[this.#position++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < words; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % words]! & 0x7fffffff);
      state[i] = state[(i + middle) % words]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#position = 0;
  }
}
