import { median, quantile } from 'simple-statistics';
import type { Session } from '../../src/cli/session.ts';
import { figure, fixed } from '../../src/figures.ts';
import type { BenchPage, HealthCost } from './protocol.ts';

/** Maximum cost of measuring gradient health per step: time, dispatches, and bytes of its record. */
const limits = { share: 0.05, dispatches: 4, recordBytes: 2048 };

export interface HealthTimes extends HealthCost {
  batchSize: number;
  /** Milliseconds per step, by pair. */
  off: number[];
  norms: number[];
}

/** Measures the tutorial's step with health off and on, in pairs with alternating order. */
export async function measureHealth(
  session: Session<BenchPage>,
  batchSize: number,
  pairs: number,
  turnSeconds: number,
): Promise<HealthTimes> {
  const times: HealthTimes = { batchSize, off: [], norms: [], ...(await session.call('healthCost', batchSize)) };
  const levels = ['off', 'norms'] as const;
  let stepMs = 0;
  for (const level of levels) stepMs = await session.call('health', level, batchSize, 3); // Compiles and warms up.
  const steps = Math.max(2, Math.round((1000 * turnSeconds) / stepMs));
  for (let pair = 0; pair < pairs; pair++) {
    for (const level of pair % 2 ? [...levels].reverse() : levels) {
      times[level].push(await session.call('health', level, batchSize, steps));
    }
  }
  return times;
}

export function healthLines({ batchSize, off, norms, dispatches, recordBytes }: HealthTimes): string {
  const ratios = norms.map((ms, i) => ms / off[i]!);
  const percent = (ratio: number) => `${fixed(100 * (ratio - 1), 1)} %`;
  const [low, high] = [quantile(ratios, 0.25), quantile(ratios, 0.75)];
  const held = (found: number, most: number) => (found <= most ? 'held' : 'NOT HELD');
  return [
    `health   batch ${batchSize}: ${figure(median(off))} ms a step without, ${figure(median(norms))} ms with; median of ` +
      `${ratios.length} pairs ${percent(median(ratios))}, half of them from ${percent(low)} to ${percent(high)} ` +
      `(at most ${100 * limits.share} %: ${held(median(ratios) - 1, limits.share)})`,
    `         ${dispatches} dispatches more (at most ${limits.dispatches}: ${held(dispatches, limits.dispatches)}), ` +
      `${recordBytes} bytes a step read back (at most ${limits.recordBytes}: ${held(recordBytes, limits.recordBytes)})`,
  ].join('\n');
}
