import type { Gpu } from '../gpu/device.ts';
import type { Memory, Slice } from '../gpu/memory.ts';
import { readStaging } from '../gpu/readback.ts';
import type { Recording } from '../gpu/recording.ts';
import { type Submission, submit } from '../gpu/submission.ts';

/** Maximum duration of a submission of several steps: short enough to keep a page responsive, long enough to keep a fast GPU busy. */
const submissionMs = 50;
/**
 * The same on a software adapter. It does not draw the page, so a longer submission delays no frame, and the cores that compute the steps spend
 * 2 ms on each submission.
 */
const submissionMsOnCpu = 110;
/** Maximum number of submissions in flight. One more would only lengthen the queue that a stop has to wait for. */
const inFlightMost = 2;
/** Maximum number of steps per submission: the records of two submissions fit the ring. */
const stepsMost = 60;
/** A submission that is reported within this share of its duration after the one before it was finished earlier. */
const lateShare = 0.1;

interface Flight {
  done: Promise<void>;
  /** True if its records are no longer wanted. */
  abandoned: boolean;
}

/**
 * Replays a recorded step: several steps per submission, two submissions in flight. The records of each are copied out and
 * mapped when they are ready. Once constructed, it creates no GPU objects except command buffers.
 */
export class Scheduler {
  readonly #gpu: Gpu;
  readonly #recordBytes: number;
  readonly #ringSlots: number;
  readonly #idle: GPUBuffer[];
  readonly #flights: Flight[] = [];
  #stepMs = submissionMsOnCpu; // the first submission is a single step, which is then measured
  #lastDone = 0;
  /** True if the device reports finished work late. */
  #prompts = false;

  constructor(gpu: Gpu, memory: Memory, recordBytes: number, ringSlots: number) {
    this.#gpu = gpu;
    this.#recordBytes = recordBytes;
    this.#ringSlots = ringSlots;
    this.#idle = Array.from({ length: inFlightMost }, (_, i) =>
      memory.staging(`records.staging_${i}`, stepsMost * recordBytes),
    );
  }

  /** Milliseconds per step, from the last submission. */
  get stepMs(): number {
    return this.#stepMs;
  }

  /** Waits while two submissions are in flight, so that the next one can be made immediately. */
  async ready(): Promise<void> {
    if (this.#flights.length >= inFlightMost) await this.#land();
  }

  /**
   * Submits up to `steps` replays of the recording and returns their number. Waits first while two submissions are in flight.
   *
   * @param records the ring that the recording writes to.
   * @param firstStep the value of `state.step` in the first of them, which determines the position of its record in the ring.
   * @param onRecords receives the records' bytes in order, as they arrive.
   * @param afterEach encodes work after each replay; its argument is the index within this call, from 0.
   */
  async submit(
    records: Slice,
    recording: Recording,
    firstStep: number,
    steps: number,
    onRecords: (bytes: ArrayBuffer, count: number) => void,
    afterEach?: (work: Submission, step: number) => void,
  ): Promise<number> {
    await this.ready();
    const { device, traits } = this.#gpu;
    const most = traits.software ? submissionMsOnCpu : submissionMs;
    const count = Math.max(1, Math.min(steps, stepsMost, Math.floor(most / this.#stepMs)));
    const staging = this.#idle.pop()!;
    const begun = performance.now();
    submit(device, `steps ${firstStep} to ${firstStep + count - 1}`, (work) => {
      if (!afterEach) work.compute(recording, count);
      for (let i = 0; afterEach && i < count; i++) afterEach(work.compute(recording), i);
      for (let i = 0; i < count; ) {
        const slot = (firstStep + i) % this.#ringSlots;
        const run = Math.min(count - i, this.#ringSlots - slot);
        const from = { ...records, offset: records.offset + slot * this.#recordBytes, size: run * this.#recordBytes };
        work.copy(from, { buffer: staging, offset: i * this.#recordBytes });
        i += run;
      }
    });
    const landed = readStaging(this.#gpu, staging, count * this.#recordBytes, this.#prompts).then((bytes) => {
      this.#measure(begun, count);
      this.#idle.push(staging);
      if (flight.abandoned) return;
      try {
        onRecords(bytes, count);
      } catch (error) {
        // After an error the receiver gets no more records, even those that arrive before the error is awaited.
        for (const other of this.#flights) other.abandoned = true;
        throw error;
      }
    });
    const flight: Flight = { done: landed, abandoned: false };
    landed.catch(() => undefined); // the code that awaits the flight gets the error
    this.#flights.push(flight);
    return count;
  }

  /** Derives the duration of a step from a submission that has just been reported. */
  #measure(begun: number, count: number): void {
    const now = performance.now();
    const gap = now - Math.max(begun, this.#lastDone);
    // A submission that is reported right after the one before it had finished earlier, and the GPU may have been idle since then.
    if (begun < this.#lastDone && gap < lateShare * count * this.#stepMs) this.#prompts = true;
    else this.#stepMs = Math.max(1e-3, gap / count);
    this.#lastDone = now;
  }

  /** Waits until everything submitted is done and its records have been delivered. */
  async drain(): Promise<void> {
    while (this.#flights.length) await this.#land();
  }

  /** Waits until nothing is in flight, ignoring errors and delivering no more records. For use after an error. */
  async abandon(): Promise<void> {
    const flights = this.#flights.splice(0);
    for (const flight of flights) flight.abandoned = true;
    await Promise.allSettled(flights.map(({ done }) => done));
  }

  async #land(): Promise<void> {
    const flight = this.#flights.shift()!;
    await flight.done;
  }
}
