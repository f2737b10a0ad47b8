import { thresholds } from '../../health/thresholds.ts';

/** The scale of the relative gradient, without its colors. */

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
