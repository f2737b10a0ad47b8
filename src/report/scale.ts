/** Maps a range of values to coordinates of a picture. */
export interface LinearScale {
  from: [number, number];
  to: [number, number];
}

export const place = ({ from, to }: LinearScale, value: number): number =>
  to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);

/** Round numbers within a range: multiples of 1, 2 or 5 of a decade. @param about the desired number of ticks. */
export function ticks(low: number, high: number, about: number, least = 0): number[] {
  const rough = (high - low) / about;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(least, [1, 2, 5, 10].map((digit) => digit * decade).find((it) => it >= rough * 0.7)!);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Formats a tick with as many decimals as the distance between the ticks needs. */
export function tickText(value: number, among: readonly number[]): string {
  const step = among.length > 1 ? among[1]! - among[0]! : Math.abs(value);
  if (step >= 1e6 || (step > 0 && step < 1e-9)) return value.toExponential();
  return value.toFixed(step > 0 ? Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) : 0);
}

/** The range of the values, widened if it would be empty. */
export function rangeOf(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

/** Ticks for values that are log10 of the numbers shown: 1, 2 and 5 of each decade while they are few, else powers of ten. */
export function logTicks(low: number, high: number, about: number): number[] {
  const digits = high - low > 2 ? [1] : high - low > 0.7 ? [1, 2, 5] : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
  const decades = Array.from({ length: Math.floor(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const all = decades.flatMap((decade) => digits.map((digit) => decade + Math.log10(digit)));
  const within = all.filter((it) => it >= low - 1e-9 && it <= high + 1e-9);
  const stride = Math.ceil(within.length / (2 * about));
  return within.filter((_, i) => i % stride === 0);
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Labels for log10: 0.05, 1, 200; 10⁻⁶ if the number would be long. */
export function powerText(exponent: number): string {
  if (exponent >= -3 && exponent < 4) return Number((10 ** exponent).toPrecision(2)).toString();
  const digit = Number((10 ** (exponent - Math.floor(exponent + 1e-9))).toPrecision(2));
  const power = Math.floor(exponent + 1e-9);
  const digits = [...String(Math.abs(power))].map((it) => superscripts[Number(it)]).join('');
  return `${digit === 1 ? '' : `${digit} · `}10${power < 0 ? '⁻' : ''}${digits}`;
}
