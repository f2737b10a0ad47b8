import { type Estimate, estimate, type Scale } from '../compare/comparison.ts';
import type { JsonOptions, SweepFile, TrialRecord, TrialStatus } from './sweep_file.ts';

/** The trials of a configuration on one kind of adapter, which differ in their seed. */
export interface ConfigurationRow {
  configuration: number;
  varied: JsonOptions;
  /** undefined if none of them has been trained. */
  kind: string | undefined;
  trials: TrialRecord[];
  /** The metric over the seeds. */
  estimate: Estimate;
  /** Epochs of the longest trial. */
  epochs: number;
  status: TrialStatus;
}

/** How a metric is averaged, by its name. */
const scaleOf = (metric: string): Scale => (/accuracy/i.test(metric) ? 'share' : 'linear');

/**
 * Configurations from best to worst. Those that were trained longer come first, as in successive halving; then the metric decides.
 */
export function configurationsByMetric({ trials, metric }: Pick<SweepFile, 'trials' | 'metric'>): ConfigurationRow[] {
  const groups = new Map<string, TrialRecord[]>();
  for (const trial of trials) {
    const key = `${trial.configuration} ${trial.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  const rows = [...groups.values()].map((group): ConfigurationRow => {
    const [{ configuration, varied, kind }] = group as [TrialRecord];
    const figures = group.map((trial) => trial.metric ?? undefined);
    return {
      ...{ configuration, varied, kind, trials: group },
      estimate: estimate(figures, scaleOf(metric.name)),
      epochs: Math.max(...group.map(({ epochs = 0 }) => epochs)),
      status: statusOf(group),
    };
  });
  return rows.sort((a, b) => {
    // A configuration with a failed seed comes after all configurations without one, as asha ranks them.
    const [first, second] = [a, b].map(({ estimate: { n, mean }, status }) =>
      n > 0 && status !== 'failed' ? mean : undefined,
    );
    if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined);
    const halvings = Number(a.status === 'halted') - Number(b.status === 'halted');
    if (halvings !== 0 || (a.status === 'halted' && a.epochs !== b.epochs)) return halvings || b.epochs - a.epochs;
    return (metric.mode === 'max' ? second - first : first - second) || a.configuration - b.configuration;
  });
}

/** The most informative status: a configuration with a failed seed has failed. */
function statusOf(trials: readonly TrialRecord[]): TrialStatus {
  const order: TrialStatus[] = ['failed', 'waiting', 'halted', 'done'];
  return order.find((status) => trials.some((trial) => trial.status === status))!;
}
