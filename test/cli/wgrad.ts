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
  /** Resolves, with stdout so far, when that holds the text; rejects when the process ends before. */
  says(text: string): Promise<string>;
  ended: Promise<Ended>;
}

/** Starts the command as a user's shell does. */
export const start = (...args: string[]): Running => startIn({}, ...args);

/** The same, with variables added to its environment. */
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
 * The command within this process, for what ends before anything is started: a process each takes a hundred times as long.
 * One at a time: what it prints and its exit code are the process's.
 */
export const call = (...args: string[]): Promise<Ended> => callOf(main, ...args);

/** The same of another program that has the command in it. */
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

/** The command as it is built, which finds its page beside it; the first one that asks builds it. */
let built: Promise<typeof import('../../src/cli/main.ts')> | undefined;

async function builtCommand(): Promise<typeof import('../../src/cli/main.ts')> {
  await run('--version');
  const command = await import(/* @vite-ignore */ new URL('../../dist/cli/main.js', import.meta.url).href);
  command.useRunningChrome(pageOfSharedChrome);
  return command;
}

/**
 * The command as `run` has it, within this process and in a Chrome that all of them share: that is half of the time of
 * a short command. For what a command does; how its process or its Chrome starts and ends is for `run` and `start`. One at a time.
 */
export async function runHere(...args: string[]): Promise<Ended> {
  built ??= builtCommand();
  return callOf((await built).main, ...args);
}

/** An empty folder that goes away with the run. */
export const temporaryFolder = (): string => mkdtempSync(join(inject('folder'), 'test-'));
