import { median, quantile } from 'simple-statistics';
import type { Session } from '../../src/cli/session.ts';
import { figure, fixed } from '../../src/figures.ts';
import { optimizerTypes } from '../../src/model/optimizers/index.ts';
import type { BenchPage, StepOptions } from './protocol.ts';

/** Maximum relative increase of another optimizer's step time over adam's. */
const most = 0.1;

const batchesOfAStep = 4;

interface Contender {
  name: string;
  options: StepOptions;
  /** Whether it is another optimizer, to which the limit applies. */
  limited: boolean;
}

const adam: StepOptions = { optimizer: 'adam' };

/** Configurations compared with adam's step: all other optimizers, and adam with its optional features. */
const contenders: readonly Contender[] = [
  ...optimizerTypes
    .filter((type) => type !== 'adam')
    .map((optimizer) => ({ name: optimizer, options: { optimizer }, limited: true })),
  { name: 'adam, a moving average', options: { optimizer: { type: 'adam', useEma: true } }, limited: false },
  {
    name: `adam, ${batchesOfAStep} batches a step`,
    options: { optimizer: 'adam', accumulationSteps: batchesOfAStep },
    limited: false,
  },
];

/** Milliseconds per batch, by pair. */
export interface OptimizerTimes {
  name: string;
  limited: boolean;
  adam: number[];
  own: number[];
}

/** Measures a training batch with each optimizer and with adam, in pairs with alternating order. */
export async function measureOptimizers(
  session: Session<BenchPage>,
  batchSize: number,
  pairs: number,
  turnSeconds: number,
  measured: (times: OptimizerTimes) => void,
): Promise<OptimizerTimes[]> {
  const all: OptimizerTimes[] = [];
  const time = (options: StepOptions, batches: number) => session.call('stepTime', options, batchSize, batches);
  for (const { name, options, limited } of contenders) {
    await time(adam, batchesOfAStep); // Compiles and warms up.
    const batchMs = await time(options, batchesOfAStep);
    const batches = batchesOfAStep * Math.max(1, Math.round((1000 * turnSeconds) / batchMs / batchesOfAStep));
    const times: OptimizerTimes = { name, limited, adam: [], own: [] };
    for (let pair = 0; pair < pairs; pair++) {
      const turns = [
        async () => times.adam.push(await time(adam, batches)),
        async () => times.own.push(await time(options, batches)),
      ];
      for (const turn of pair % 2 ? turns.reverse() : turns) await turn();
    }
    measured(times);
    all.push(times);
  }
  return all;
}

export function optimizerLine({ name, limited, adam, own }: OptimizerTimes): string {
  const ratios = own.map((ms, i) => ms / adam[i]!);
  const [low, high] = [quantile(ratios, 0.25), quantile(ratios, 0.75)];
  const held = median(ratios) <= 1 + most ? 'held' : 'NOT HELD';
  return (
    `${name.padEnd(24)} ${figure(median(own))} ms a batch, adam ${figure(median(adam))} ms; median of ${ratios.length} pairs ` +
    `${fixed(median(ratios), 3)}, half of them from ${fixed(low, 3)} to ${fixed(high, 3)}; fastest turns ` +
    fixed(Math.min(...own) / Math.min(...adam), 3) +
    (limited ? ` (at most ${fixed(1 + most, 1)}: ${held})` : '')
  );
}
