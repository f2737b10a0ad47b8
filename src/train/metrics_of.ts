import type { FilledMetric } from '../model/metrics/index.ts';

/** The metrics of a call, by default those of the trainer. */
export function metricsOf(
  all: readonly FilledMetric[],
  given: { metrics?: readonly FilledMetric[]; weightedMetrics?: readonly FilledMetric[] },
): FilledMetric[] {
  const { metrics = all.filter((it) => !it.isWeighted), weightedMetrics = all.filter((it) => it.isWeighted) } = given;
  return [...metrics, ...weightedMetrics];
}
