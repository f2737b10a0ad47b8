/** The light that shows how a step goes: forward through the columns of the drawing, and back with the gradient. */
export interface Light {
  pass: 'forward' | 'backward';
  /** The column that it is at, with its part on the way to the next. */
  at: number;
}

/** Milliseconds of the forward pass, of the backward pass, and until it begins again. */
export const cycle = { forward: 900, backward: 1500, rest: 700 } as const;
const whole = cycle.forward + cycle.backward + cycle.rest;

/** The light passes once over a sample run, since nobody asked for an animation: less than five seconds. */
export const onceMs = cycle.forward + cycle.backward;

/**
 * @param ms since the light set out. @param columns of the drawing; the last position is that of the loss.
 * @returns undefined while it rests.
 */
export function lightAt(ms: number, columns: number): Light | undefined {
  const within = ms % whole;
  if (within < cycle.forward) return { pass: 'forward', at: (within / cycle.forward) * columns };
  const back = (within - cycle.forward) / cycle.backward;
  return back < 1 ? { pass: 'backward', at: (1 - back) * columns } : undefined;
}

/** How much of its bar a column has, 0 to 1: bars empty as the light sets out, and fill as it comes back. */
export function fillAt(light: Light | undefined, column: number): number {
  return light ? Math.max(0, Math.min(1, column + 1 - light.at)) : 1;
}

/**
 * How often the drawing is painted while light moves: sixty times a second, or as often as takes no more than a share of the
 * main thread's time.
 */
export class Pace {
  private cost = 0;
  private last = -Infinity;

  /**
   * @param least milliseconds from one frame to the next. @param share of the time that painting may take.
   */
  constructor(
    readonly least: number,
    private readonly share = 0.1,
  ) {}

  /** Milliseconds from one frame to the next, as the last ones took. */
  get interval(): number {
    return Math.max(this.least, this.cost / this.share);
  }

  /** Whether the next frame is painted. Frames of the screen are never exactly as far apart as they should be. */
  isDue(now: number): boolean {
    return now - this.last >= this.interval - 4;
  }

  /** @param ms that painting took. */
  painted(now: number, ms: number): void {
    this.last = now;
    this.cost = this.cost ? 0.9 * this.cost + 0.1 * ms : ms;
  }
}
