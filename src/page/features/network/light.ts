/** The light that illustrates a training step: forward through the columns of the drawing, and back with the gradient. */
export interface Light {
  pass: 'forward' | 'backward';
  /** Column of its position; the fractional part is the progress to the next one. */
  at: number;
}

/** Milliseconds of the forward pass, of the backward pass, and of the pause before the next one. */
export const cycle = { forward: 900, backward: 1500, rest: 700 } as const;
const whole = cycle.forward + cycle.backward + cycle.rest;

/** Over a sample run the light passes only once, for less than five seconds, because the user did not start it. */
export const onceMs = cycle.forward + cycle.backward;

/**
 * @param ms since the light started. @param columns of the drawing; the last position is the loss.
 * @returns undefined during the pause.
 */
export function lightAt(ms: number, columns: number): Light | undefined {
  const within = ms % whole;
  if (within < cycle.forward) return { pass: 'forward', at: (within / cycle.forward) * columns };
  const back = (within - cycle.forward) / cycle.backward;
  return back < 1 ? { pass: 'backward', at: (1 - back) * columns } : undefined;
}

/** How much of a column's bar is filled, 0 to 1: bars empty when the light starts, and fill as it comes back. */
export function fillAt(light: Light | undefined, column: number): number {
  return light ? Math.max(0, Math.min(1, column + 1 - light.at)) : 1;
}

/** Milliseconds between two frames of a usual display. */
export const displayFrameMs = 1000 / 60;

/**
 * Frame rate of the drawing while the light moves: sixty frames per second, or fewer if painting would take too large a fraction of
 * the main thread's time.
 */
export class Pace {
  /** Milliseconds that a painting takes, a moving average. */
  cost = 0;
  private last = -Infinity;

  /** @param least minimum milliseconds between two frames. @param share maximum fraction of the time that painting may take. */
  constructor(
    readonly least: number,
    private readonly share = 0.1,
  ) {}

  /** Milliseconds between two frames, based on the last painting times. */
  get interval(): number {
    return Math.max(this.least, this.cost / this.share);
  }

  /** Whether the next frame is to be painted. The tolerance allows for jitter in the display's frames. */
  isDue(now: number): boolean {
    return now - this.last >= this.interval - 4;
  }

  /** Milliseconds during which no frame needs to be requested: up to one frame of a usual display before the next painting. */
  msUntilDue(now: number): number {
    return Math.max(0, this.last + this.interval - displayFrameMs - now);
  }

  /** @param ms duration of the painting. */
  painted(now: number, ms: number): void {
    this.last = now;
    this.cost = this.cost ? 0.9 * this.cost + 0.1 * ms : ms;
  }
}
