import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { table } from '../../src/cli/tables.ts';
import { byteWords } from '../../src/figures.ts';
import { chaos, type Mishap } from './chaos.ts';
import { Hosts, mayMakeNamespaces } from './namespaces.ts';
import { scale, scaleWorker } from './scale.ts';

// npm run chaos: a sweep over workers that are killed and stopped, and a Redis that is killed, must give the same bits as a sweep
// in one process.
// npm run chaos -- --trials 40 --workers 3 --every 1
// npm run chaos -- --scale 10000

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '40' },
    workers: { type: 'string', default: '3' },
    /** Seconds between two failures. */
    every: { type: 'string', default: '1' },
    takeover: { type: 'string', default: '4' },
    /** Runs the workers in network namespaces, like separate hosts, and also disconnects them. Requires Linux and root. */
    hosts: { type: 'boolean', default: false },
    /** Number of fake trials to send through the queue, instead of disturbing a sweep. */
    scale: { type: 'string' },
    /** URL of the queue: this process then is one of the workers of `--scale`. */
    'scale-worker': { type: 'string' },
    folder: { type: 'string', default: '' },
    /** Keeps the logs. */
    keep: { type: 'boolean', default: false },
  },
});

if (values['scale-worker']) await scaleWorker(values['scale-worker'], values.folder);
else if (values.scale) await printScale(Number(values.scale), Number(values.workers));
else await printChaos();

function secondsText({ seconds, processor }: { seconds: number; processor: number }): string {
  return `${seconds.toFixed(2)} (${processor.toFixed(2)})`;
}

/** Number of workers that one Redis can serve. Its processor time goes into their signs and, for each worker, one trial per minute. */
function servedBy(trialMs: number, workerMs: number): number {
  return Math.floor(500 / (workerMs + trialMs / 60));
}

async function printScale(trials: number, workers: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-scale-'));
  const outcome = await scale(folder, trials, workers);
  rmSync(folder, { recursive: true, force: true });
  const { seconds, overheadMs, status, report, queuedBytes, doneBytes } = outcome;
  const { redisMs, commands, idleRedisMs } = outcome;
  console.log(
    table(
      ['', 'figure'],
      [
        ['trials', String(trials)],
        ['workers', String(workers)],
        ['seconds in all', seconds.toFixed(1)],
        ["overhead, ms of a worker's time for each trial", overheadMs.toFixed(1)],
        ['wgrad sweep status, s (of its processor)', secondsText(status)],
        ['wgrad sweep report, s (of its processor)', secondsText(report)],
        ["Redis' memory for a trial that waits", byteWords(queuedBytes)],
        ["Redis' memory for a trial that is done", byteWords(doneBytes)],
        ["Redis' processor for each trial, ms", redisMs.toFixed(2)],
        ['commands for each trial', commands.toFixed(1)],
        ["Redis' processor for a worker that waits, ms a second", idleRedisMs.toFixed(2)],
        ["workers with trials of a minute for half of Redis' processor", String(servedBy(redisMs, idleRedisMs))],
      ],
    ),
  );
  process.exitCode = overheadMs < 20 && status.seconds < 5 && report.seconds < 5 ? 0 : 1;
}

async function printChaos(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-chaos-'));
  const turn: Mishap[] = ['worker killed', 'worker killed', 'worker stopped and continued', 'worker killed'];
  if (values.hosts) turn.splice(1, 1, 'worker cut off');
  const mishaps: Mishap[] = Array.from({ length: 1000 }, (_, i) =>
    i === 4 || i === 9 ? 'Redis killed and restarted' : turn[i % turn.length]!,
  );
  if (values.hosts && !mayMakeNamespaces()) throw new Error('Network namespaces take Linux, iproute2 and root');
  const hosts = values.hosts ? new Hosts(Number(values.workers)) : undefined;
  const begun = performance.now();
  const disturbed = chaos({
    ...{ folder, trials: Number(values.trials), workers: Number(values.workers), mishaps },
    ...(hosts && { hosts }),
    ...{ every: 1000 * Number(values.every), takeover: Number(values.takeover) },
    report: (line) => console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`),
  });
  const outcome = await disturbed.finally(() => hosts?.remove());
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
}
