import { percent } from '../../figures.ts';

export { percent };

/** Numbers as the page shows them: three significant digits, fractions in percent, powers of ten as superscripts. */

/** A measured number: 0.695, 2.31, −4.41 × 10⁻⁵. */
export function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value || 0);
  const sign = value < 0 ? '−' : '';
  const size = Number(Math.abs(value).toPrecision(3));
  if (size >= 1e5 || size < 1e-3) return sign + withPowers(size.toExponential(2));
  return sign + (size < 1000 && !Number.isInteger(value) ? size.toPrecision(3) : String(size));
}

/** The same for a number that may be missing. */
export const shortOrDash = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : Number.isNaN(value) ? 'not finite' : short(value);

/** The difference of two fractions in percentage points: −4.2 points. */
export const points = (difference: number): string =>
  `${difference < 0 ? '−' : ''}${Math.abs(100 * difference).toFixed(1)} points`;

/** The value of a metric: an accuracy in percent, any other as a number. */
export const metricText = (metric: string, value: number): string =>
  /accuracy/i.test(metric) ? percent(value) : short(value);

/** 10⁻³ */
export const powerOfTen = (exponent: number): string =>
  exponent === 0 ? '1' : `10${[...String(exponent)].map((digit) => superscripts[digit]).join('')}`;

/** Replaces numbers such as 4.41e-5 in a text by 4.41 × 10⁻⁵. */
export const withPowers = (text: string): string =>
  text.replace(
    /\b(\d+(?:\.\d+)?)e([+-]?\d+)\b/g,
    (_, digits: string, power: string) => `${digits === '1' ? '' : `${digits} × `}${powerOfTen(Number(power))}`,
  );

const superscripts: Record<string, string> = Object.fromEntries(
  [...'-0123456789'].map((it, i) => [it, [...'⁻⁰¹²³⁴⁵⁶⁷⁸⁹'][i]!]),
);
