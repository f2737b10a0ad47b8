import { powerOfTen } from '../../plots/axes.ts';

/** Three significant digits, with powers of ten for very small or large numbers: 0.0123, −4.4 · 10⁻⁵. */
export function short(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value || 0);
  const size = Math.abs(value);
  const sign = value < 0 ? '−' : '';
  if (size >= 1e-3 && size < 1e5) return `${sign}${Number(size.toPrecision(3))}`;
  const [digits, power] = size.toExponential(2).split('e') as [string, string];
  return `${sign}${Number(digits)} · ${powerOfTen(Number(power))}`;
}
