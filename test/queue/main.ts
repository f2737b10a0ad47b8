import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/tables.ts';
import { chaos, type Mishap } from './chaos.ts';

// npm run chaos: a sweep over workers that are killed and stopped, and a Redis that is killed, must give the same bits as a sweep
// in one process.
// npm run chaos -- --trials 40 --workers 3 --every 4
// npm run chaos -- --scale 10000

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '40' },
    workers: { type: 'string', default: '3' },
    /** Seconds between two failures. */
    every: { type: 'string', default: '4' },
    takeover: { type: 'string', default: '4' },
    /** Keeps the logs. */
    keep: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'wgrad-chaos-'));
const turn: Mishap[] = ['worker killed', 'worker killed', 'worker stopped and continued', 'worker killed'];
const mishaps: Mishap[] = Array.from({ length: 1000 }, (_, i) =>
  i === 4 || i === 9 ? 'Redis killed and restarted' : turn[i % turn.length]!,
);
const begun = performance.now();
const outcome = await chaos({
  ...{ folder, trials: Number(values.trials), workers: Number(values.workers), mishaps },
  ...{ every: 1000 * Number(values.every), takeover: Number(values.takeover) },
  report: (line) => console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`),
});
const { trials, results, repeated, seconds, sameBits, code } = outcome;
console.log(
  table(
    ['', 'count'],
    [
      ['trials', String(trials)],
      ['results', String(results)],
      ['results that came a second time', String(repeated)],
      ...Object.entries(outcome.mishaps).map(([name, n]) => [name, String(n)]),
      ['seconds', seconds.toFixed(1)],
      ['same bits as one process', sameBits ? 'yes' : 'NO'],
    ],
  ),
);
const passed = sameBits && results === trials && code === 0;
if (passed && !values.keep) rmSync(folder, { recursive: true, force: true });
else console.log(`logs     ${folder}`);
process.exitCode = passed ? 0 : 1;
