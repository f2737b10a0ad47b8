import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChrome } from '../../src/cli/find_chrome.ts';
import { parseRun, type SavedRun } from '../../src/index.ts';

/** Root folder of the project, in which its scripts and tests run. */
export const root = process.cwd();

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** Polling interval in ms for a run's output files. */
const lookEvery = 5;

/** Runs `wgrad` with arguments. @param kill polled repeatedly; kill -9 is sent once it returns true. */
export function wgrad(args: readonly string[], kill?: () => boolean): Promise<Ended> {
  const begun = performance.now();
  const child = spawn(process.execPath, [join(root, 'bin/wgrad.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  const timer = kill && setInterval(() => kill() && child.kill('SIGKILL'), lookEvery);
  child.stdout.on('data', (data) => {
    output.stdout += data;
  });
  child.stderr.on('data', (data) => {
    output.stderr += data;
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, ...output, seconds: (performance.now() - begun) / 1000 });
    });
  });
}

export type Mishap = 'GPU process killed' | 'device destroyed' | 'page crashed' | 'Chrome killed';

/**
 * Path of a Chrome that fails in the given ways, one after another: each time when the page has reported a step, or for step 0, when it is
 * told to train.
 */
export async function crashingChrome(folder: string, mishaps: Mishap[], steps: number[]): Promise<string> {
  const path = join(folder, 'chrome');
  const program = join(root, 'test/crash/crashing_chrome.mjs');
  const happened = join(folder, 'happened');
  const plan = JSON.stringify(mishaps.map((what, i) => ({ what, step: steps[i] })));
  const words = [process.execPath, program, plan, happened, await findChrome()];
  writeFileSync(path, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Everything that must be the same regardless of interruptions: every bit and all records, without times. */
export function outcomeOf(folder: string): object | undefined {
  const file = join(folder, 'run.wgrad');
  if (!existsSync(file)) return undefined;
  const { snapshot, history, epochs, options, dataset }: SavedRun = parseRun(readFileSync(file));
  const { weights, slots, health, ...rest } = snapshot;
  const words = (tensors: readonly Float32Array[]) =>
    tensors.map((it) => Buffer.from(it.buffer, it.byteOffset, it.byteLength).toString('base64'));
  return {
    weights: words(weights),
    slots: words(slots),
    health: health && { units: words([health.units]), watch: health.watch },
    ...rest,
    history: { ...history, epochs: history.epochs.map(({ seconds, imagesPerSecond, ...figures }) => figures) },
    ...{ epochs, options, dataset },
    csv: readFileSync(join(folder, 'run.csv'), 'utf8'),
  };
}
