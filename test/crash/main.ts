import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/tables.ts';
import { type Counts, randomFrom, runTrials, type Trial, Trials } from './trials.ts';

// npm run crash-test: interrupts 70 runs, and reports for each whether it ended with the same bits as an uninterrupted run.
// npm run crash-test -- --seed 7 --jobs 1 --share 0.1

const { values } = parseArgs({
  options: {
    /** Determines moments, bytes and bits. */
    seed: { type: 'string', default: '1' },
    /** Number of concurrent runs. */
    jobs: { type: 'string', default: '2' },
    /** Fraction of the trials to run. */
    share: { type: 'string', default: '1' },
  },
});
const share = Number(values.share);
const whole: Counts = { commands: 20, gpus: 20, devices: 10, checkpoints: 20 };
const counts = Object.fromEntries(
  Object.entries(whole).map(([name, n]) => [name, Math.max(1, Math.round(share * n))]),
) as unknown as Counts;

const folder = mkdtempSync(join(tmpdir(), 'wgrad-crash-'));
const trials = new Trials(folder, randomFrom(Number(values.seed)));
await trials.prepare();
const total = Object.values(counts).reduce((a, b) => a + b, 0);
let n = 0;
const done = await runTrials(trials, counts, Number(values.jobs), ({ kind, moment, outcome, passed, seconds }) => {
  console.log(
    `${String(++n).padStart(2)}/${total}  ${passed ? 'same bits' : 'FAILED   '}  ${kind}: ${moment}; ${outcome}  (${seconds.toFixed(1)} s)`,
  );
});

const kinds = [...new Set(done.map(({ kind }) => kind))];
const row = (kind: string, of: readonly Trial[]) => [
  kind,
  String(of.length),
  String(of.filter(({ passed }) => passed).length),
  (of.reduce((sum, { seconds }) => sum + seconds, 0) / of.length).toFixed(1),
  Math.max(...of.map(({ seconds }) => seconds)).toFixed(1),
];
console.log(
  table(
    ['what happens', 'runs', 'same bits', 'seconds a run', 'longest'],
    [
      ...kinds.map((kind) =>
        row(
          kind,
          done.filter((trial) => trial.kind === kind),
        ),
      ),
      row('all', done),
    ],
  ),
);
const failed = done.filter(({ passed }) => !passed).length;
if (failed) console.log(`${failed} failed; their files are in ${folder}`);
else rmSync(folder, { recursive: true, force: true });
process.exitCode = failed ? 1 : 0;
