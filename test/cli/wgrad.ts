import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const program = fileURLToPath(new URL('../../bin/wgrad.js', import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** Resolves, with stdout so far, when that holds the text; rejects when the process ends before. */
  says(text: string): Promise<string>;
  ended: Promise<Ended>;
}

/** Starts the command as a user's shell does. */
export function start(...args: string[]): Running {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    output.stdout += data;
  });
  child.stderr.on('data', (data) => {
    output.stderr += data;
  });
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...output })));
  const says = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => output.stdout.includes(text) && resolve(output.stdout);
      child.stdout.on('data', look);
      look();
      ended.then(({ stderr }) => reject(new Error(`ended without saying ${text}: ${stderr}`)));
    });
  return { child, says, ended };
}

export const run = (...args: string[]): Promise<Ended> => start(...args).ended;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that goes away after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-test-'));
  folders.push(folder);
  return folder;
}
