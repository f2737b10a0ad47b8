import { withPowers } from '../ui/numbers.ts';

/** Ranges and ticks of the plots' axes. */

/** Minimum number of steps on the axis. */
const leastSteps = 50;

/** Minimum number of steps in a moving average. */
const leastWindow = 20;

/** Possible distances between the ticks of the steps. */
export const wholeSteps = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000].flatMap((ten) => [ten, 2 * ten, 5 * ten]);

/** The axis doubles when it is full instead of growing with every step, and ends with the run. */
export function roomFor(step: number, steps: number): number {
  let room = leastSteps;
  while (room < step) room *= 2;
  return Math.max(Math.min(room, steps), step, 2);
}

/**
 * Number of steps in a curve's moving average, given the number of steps on the axis: it increases with the number of steps per
 * pixel, because the curves of a long run would otherwise be bands of noise.
 */
export const windowFor = (room: number): number => Math.max(leastWindow, Math.ceil(room / 125));

/**
 * Steps between two points of a smoothed curve: half the moving average's window. More points would take most of the drawing time
 * in a wide line, and obscure dashes in a line that turns more often than once per pixel.
 */
export const strideFor = (room: number): number => Math.max(1, Math.floor(room / 250));

/** A range between round numbers that spans at least a decade. */
export function logRange(least: number | null, most: number | null): [number, number] {
  if (least === null || most === null || !(least > 0)) return [0.01, 10];
  const bottom = roundNumbers(least).findLast((it) => it <= least)!;
  const top = roundNumbers(most).find((it) => it >= most)!;
  return [bottom, Math.max(top, 10 * bottom)];
}

/**
 * 1, 2 and 5 of each decade if there is room for them, otherwise each decade, or every second one etc.
 *
 * @param room maximum number of ticks.
 */
export function logTicks(least: number, most: number, room = 9): number[] {
  const first = Math.floor(Math.log10(least));
  const decades = Math.ceil(Math.log10(most)) - first;
  const ticksOf = (stride: number, digits: readonly number[]) => {
    const ticks: number[] = [];
    for (let i = 0; i <= decades; i += stride) for (const digit of digits) ticks.push(digit * tenTo(first + i));
    return ticks.filter((tick) => tick >= least * 0.999 && tick <= most * 1.001);
  };
  const fine = ticksOf(1, [1, 2, 5]);
  return fine.length <= room ? fine : ticksOf(Math.ceil(decades / Math.max(1, room - 1)), [1]);
}

export function tickText(value: number | null): string {
  if (value === null) return '';
  const round = Number(value.toPrecision(6));
  const plain = round === 0 || (round >= 1e-3 && round < 1e4);
  return plain ? String(round) : withPowers(round.toExponential());
}

/** Formats a fraction as a percentage: 50 % */
export const shareText = (share: number | null): string => (share === null ? '' : `${Math.round(100 * share)} %`);

/** 1, 2, 5 and 10 of the decade that contains a number. */
function roundNumbers(value: number): number[] {
  const decade = tenTo(Math.floor(Math.log10(value)));
  return [decade, 2 * decade, 5 * decade, 10 * decade];
}

/** The least round number that is not below a positive number: the top of an axis that only labels its ends. */
export function roundTop(value: number): number {
  const decade = tenTo(Math.floor(Math.log10(value)));
  return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((digit) => digit * decade >= value)! * decade;
}

/** Exact, which 10 ** power is not. */
const tenTo = (power: number) => Number(`1e${power}`);

/** Round numbers in a range, at most `room` of them. */
export function linearTicks(least: number, most: number, room: number): number[] {
  if (!(most > least) || !(room > 0)) return [least];
  const rough = (most - least) / room;
  const decade = tenTo(Math.floor(Math.log10(rough)));
  const step = [1, 2, 5, 10].map((digit) => digit * decade).find((it) => it >= rough * 0.999)!;
  const first = Math.ceil(least / step - 1e-9);
  const count = Math.floor(most / step + 1e-9) - first + 1;
  // Division for steps below 1 is exact, so that three steps of 0.1 are 0.3.
  return Array.from({ length: count }, (_, i) => (step < 1 ? (first + i) / Math.round(1 / step) : (first + i) * step));
}
