import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChrome } from '../../src/cli/find_chrome.ts';
import { parseRun, type SavedRun } from '../../src/index.ts';

/** The folder of the project, where its scripts and tests run. */
export const root = process.cwd();

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** Runs `wgrad` with some arguments. @param kill milliseconds after stdout holds the text, or after the start, until kill -9. */
export function wgrad(args: readonly string[], kill?: { after?: string; milliseconds: number }): Promise<Ended> {
  const begun = performance.now();
  const child = spawn(process.execPath, [join(root, 'bin/wgrad.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  let timer: NodeJS.Timeout | undefined;
  const arm = () => {
    if (!kill || timer || (kill.after && !output.stdout.includes(kill.after))) return;
    timer = setTimeout(() => child.kill('SIGKILL'), kill.milliseconds);
  };
  arm();
  child.stdout.on('data', (data) => {
    output.stdout += data;
    arm();
  });
  child.stderr.on('data', (data) => {
    output.stderr += data;
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...output, seconds: (performance.now() - begun) / 1000 });
    });
  });
}

export type Mishap = 'GPU process killed' | 'device destroyed' | 'page crashed' | 'Chrome killed';

/** The path of a Chrome that something happens to, so many milliseconds after `fit` was called. */
export async function crashingChrome(folder: string, what: Mishap, milliseconds: number): Promise<string> {
  const path = join(folder, 'chrome');
  const program = join(root, 'test/crash/crashing_chrome.mjs');
  const marker = join(folder, 'has_happened');
  const words = [process.execPath, program, what, String(milliseconds), marker, await findChrome()];
  writeFileSync(path, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(' ')} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** All that must be the same, whatever happened on the way: every bit and all records, without what the clock says. */
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
