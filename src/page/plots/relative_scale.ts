import { signal } from '@preact/signals';
import { thresholds } from '../../health/thresholds.ts';
import { colorTable, fine } from './ramp.ts';
// Imported here, since the colors are read as soon as this module is there: Vite's development server adds styles in the order of imports.
import './relative_scale.css';

/** Colors of the relative gradient: 1 in the middle, what vanishes to the left of it and what explodes to the right. */

const { vanishingReach, explodingReach } = thresholds;

/**
 * Where a relative gradient lies on the scale, from -1 to 1: logarithmic, 1 in the middle, the thresholds of the verdicts halfway
 * to the ends. So each half of the scale has the unit of its verdict, and an explosion of 60 times is as loud as it is.
 */
export function relativePlace(value: number): number {
  const threshold = value < 1 ? vanishingReach.enter : explodingReach.enter;
  const place = (Math.sign(value - 1) * Math.log(value)) / Math.log(threshold) / 2;
  return Math.max(-1, Math.min(1, place));
}

/** Marks of the legend: the ends, which take all that lies beyond, the thresholds and the middle. */
export const relativeMarks: { value: number; kind: 'least' | 'most' | 'threshold' | 'middle' }[] = [
  { value: vanishingReach.enter ** 2, kind: 'least' },
  { value: vanishingReach.enter, kind: 'threshold' },
  { value: 1, kind: 'middle' },
  { value: explodingReach.enter, kind: 'threshold' },
  { value: explodingReach.enter ** 2, kind: 'most' },
];

/** What lies beyond the thresholds is called, at the middle of its part. */
export const relativeNames = [
  { verdict: 'vanishing', value: vanishingReach.enter ** 1.5 },
  { verdict: 'exploding', value: explodingReach.enter ** 1.5 },
] as const;

/** Custom properties of relative_scale.css, which has them for light and for dark. */
const stops = Array.from({ length: 9 }, (_, i) => `--relative-${i}`);

const darkness = matchMedia('(prefers-color-scheme: dark)');
/** The colors that there are now: whoever paints with them reads it, to paint again when they change. */
export const relativeTable = signal(tableOfStyle());

export function followDarkness(): void {
  darkness.addEventListener('change', () => {
    relativeTable.value = tableOfStyle();
  });
}

function tableOfStyle(): Uint32Array {
  const style = getComputedStyle(document.documentElement);
  return colorTable(stops.map((stop) => Number.parseInt(style.getPropertyValue(stop).trim().slice(1), 16)));
}

export const relativeColor = (value: number): number =>
  relativeTable.value[Math.round(((relativePlace(value) + 1) / 2) * (fine - 1))]!;
