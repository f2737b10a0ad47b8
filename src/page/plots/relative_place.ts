import { thresholds } from '../../health/thresholds.ts';

/** The scale of the relative gradient, without its colors. */

const { vanishingReach, explodingReach } = thresholds;

/**
 * Position of a relative gradient on the scale, from -1 to 1: logarithmic, with 1 in the middle and the verdicts' thresholds
 * halfway to the ends. So each half has its own unit, and exploding by a factor of 60 looks as bad as it is.
 */
export function relativePlace(value: number): number {
  const threshold = value < 1 ? vanishingReach.enter : explodingReach.enter;
  const place = (Math.sign(value - 1) * Math.log(value)) / Math.log(threshold) / 2;
  return Math.max(-1, Math.min(1, place));
}

/** Labels of the legend: the ends, which include all values beyond, the thresholds and the middle. */
export const relativeMarks: { value: number; kind: 'least' | 'most' | 'threshold' | 'middle' }[] = [
  { value: vanishingReach.enter ** 2, kind: 'least' },
  { value: vanishingReach.enter, kind: 'threshold' },
  { value: 1, kind: 'middle' },
  { value: explodingReach.enter, kind: 'threshold' },
  { value: explodingReach.enter ** 2, kind: 'most' },
];

/** Names of the ranges beyond the thresholds, each placed in its middle. */
export const relativeNames = [
  { verdict: 'vanishing', value: vanishingReach.enter ** 1.5 },
  { verdict: 'exploding', value: explodingReach.enter ** 1.5 },
] as const;
