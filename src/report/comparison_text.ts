import { confidence, type Estimate, fewestSeeds } from '../compare/comparison.ts';
import { tooFew } from '../compare/comparison_paragraph.ts';
import type { Row } from '../compare/comparison_rows.ts';
import { figure } from '../figures.ts';

/** Formats the figures of a comparison for the terminal and the HTML report. */

/** Three significant digits: an interval over five seeds is not more precise. */
export function short(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  return rounded !== 0 && (size < 1e-4 || size >= 1e6) ? rounded.toExponential(2) : figure(rounded);
}

/**
 * Describes the means and their intervals, or why fewer than three seeds have none. @param where names where the intervals are
 * drawn.
 */
export function intervalsText(seeds: number, where?: string): string {
  if (seeds < fewestSeeds) return `${seeds === 1 ? 'Figures of one seed' : 'Means over two seeds'}. ${tooFew(seeds)}`;
  const intervals = `${100 * confidence} % intervals${where ? ` ${where}` : ''}`;
  return `Means over ${seeds} seeds with ${intervals} (Student's t; of accuracies, shares and cosines by their log-odds, so that they stay in bounds).`;
}

/** "0.341 (0.339 to 0.343)"; only the mean if there is a single seed. */
export function estimateText({ mean, low, high, n }: Estimate, text = short): string {
  if (n === 0) return '';
  return Number.isNaN(low) ? text(mean) : `${text(mean)} (${text(low)} to ${text(high)})`;
}

/**
 * Formats a difference; a ratio as "x 1.31", or in percent if it is so close to one that its first digits would not show the
 * difference.
 */
export function differenceText({ scale, test: { difference } }: Pick<Row, 'scale' | 'test'>): string {
  if (scale !== 'log' || difference.n === 0) return estimateText(difference);
  if (Math.abs(difference.mean - 1) >= 0.1) return `x ${estimateText(difference)}`;
  return estimateText(difference, (ratio) => `${ratio > 1 ? '+' : ''}${short(100 * (ratio - 1))} %`);
}

export const pText = (p: number) => (Number.isNaN(p) ? '–' : p < 1e-4 ? '< 0.0001' : p.toFixed(4));
