import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { pageOfSharedChrome } from './shared_chrome.ts';

export const program = fileURLToPath(new URL('../../bin/wgrad.js', import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** Resolves with the stdout so far once it contains the text; rejects if the process ends before. */
  says(text: string): Promise<string>;
  ended: Promise<Ended>;
}

/** Starts the command as a user's shell does. */
export const start = (...args: string[]): Running => startIn({}, ...args);

/** Like `start`, with additional environment variables. */
export function startIn(variables: Record<string, string>, ...args: string[]): Running {
  const env = { ...process.env, ...variables };
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
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

/**
 * Runs the command within this process, for commands that end before anything is started: a separate process takes a hundred times
 * as long. Calls can't overlap, because output and exit code are the process's.
 */
export const call = (...args: string[]): Promise<Ended> => callOf(main, ...args);

/** Like `call`, for another program that includes the command. */
export async function callOf(whole: typeof main, ...args: string[]): Promise<Ended> {
  const ended: Ended = { code: 0, stdout: '', stderr: '' };
  const gather = (name: 'stdout' | 'stderr') => (text: unknown) => {
    ended[name] += text;
    return true;
  };
  const line = (name: 'stdout' | 'stderr') => (text: unknown) => {
    ended[name] += `${text}\n`;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(gather('stdout')),
    vi.spyOn(process.stderr, 'write').mockImplementation(gather('stderr')),
    vi.spyOn(console, 'log').mockImplementation(line('stdout')),
    vi.spyOn(console, 'error').mockImplementation(line('stderr')),
  ];
  const listeners = process.stdout.listeners('error');
  try {
    await whole([process.execPath, program, ...args]);
    ended.code = Number(process.exitCode ?? 0);
  } finally {
    for (const spy of spies) spy.mockRestore();
    for (const listener of process.stdout.listeners('error')) {
      if (!listeners.includes(listener)) process.stdout.off('error', listener as () => void);
    }
    process.exitCode = undefined;
  }
  return ended;
}

/** The built command, which finds its page next to it; the first caller builds it. */
let built: Promise<typeof import('../../src/cli/main.ts')> | undefined;

async function builtCommand(): Promise<typeof import('../../src/cli/main.ts')> {
  await run('--version');
  const command = await import(/* @vite-ignore */ new URL('../../dist/cli/main.js', import.meta.url).href);
  command.useRunningChrome(pageOfSharedChrome);
  return command;
}

/**
 * Runs the command within this process and in a shared Chrome, which saves half of the time of a short command. For tests of a
 * command's behavior; use `run` and `start` to test how its process or its Chrome starts and ends. Calls can't overlap.
 */
export async function runHere(...args: string[]): Promise<Ended> {
  built ??= builtCommand();
  return callOf((await built).main, ...args);
}

/** An empty folder that is removed after the test run. */
export const temporaryFolder = (): string => mkdtempSync(join(inject('folder'), 'test-'));
