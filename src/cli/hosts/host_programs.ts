import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SetupError } from '../../errors.ts';
import { programInPath, versionOf } from './firefox.ts';
import type { ProcessName } from './host_names.ts';

/** A program that runs wgrad without a page. */
export interface HostProgram {
  /** Path of the executable. */
  path: string;
  version: string;
  /** Returns the arguments with which it runs a script. */
  args(script: string): string[];
}

const packages: Record<ProcessName, string> = { dawn: 'webgpu', deno: 'deno' };

/**
 * How to install a program where the command was started. npm reports success but installs nothing for a name that package.json lists as an
 * optional peer dependency, as that of wgrad does, unless it is also told to treat it as a dependency.
 */
export const programAdvice = (name: ProcessName, folder = process.cwd()): string =>
  `npm install ${isClone(folder) ? '--no-save --save-prod ' : ''}${packages[name]}`;

function isClone(folder: string): boolean {
  try {
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown }).name === 'wgrad';
  } catch {
    return false;
  }
}

/**
 * Finds an npm package that is installed where the command was started, or next to wgrad.
 *
 * @param file a file of the package, such as `webgpu/package.json`.
 */
export function packagedFile(file: string): string | undefined {
  for (const from of [pathToFileURL(join(process.cwd(), 'package.json')).href, import.meta.url]) {
    try {
      return createRequire(from).resolve(file);
    } catch {
      // The package is not installed there.
    }
  }
  return undefined;
}

const finders: Record<ProcessName, () => HostProgram | undefined> = {
  dawn: () => {
    const main = packagedFile('webgpu');
    if (!main) return undefined;
    const { version } = createRequire(main)('webgpu/package.json') as { version: string };
    return { path: process.execPath, version, args: (script) => [script, pathToFileURL(main).href] };
  },
  deno: () => {
    const path = programInPath(process.platform === 'win32' ? 'deno.exe' : 'deno') ?? denoOfNpm();
    if (!path) return undefined;
    const how = ['run', '-A', '--no-lock', '--no-config', '--unstable-webgpu'];
    return { path, version: versionOf(path), args: (script) => [...how, script] };
  },
};

/** The executable in the npm package, which may exist even if the package's install script has not linked it. */
function denoOfNpm(): string | undefined {
  const own = packagedFile('deno/package.json');
  if (!own) return undefined;
  const programs = join(dirname(own), '..', '@deno');
  const folders = existsSync(programs) ? readdirSync(programs) : [];
  return folders
    .map((name) => join(programs, name, process.platform === 'win32' ? 'deno.exe' : 'deno'))
    .find(existsSync);
}

export const findProgram = (name: ProcessName): HostProgram | undefined => finders[name]();

/** @throws SetupError if the program is not on this machine, with the way to install it. */
export function requireProgram(name: ProcessName): HostProgram {
  const found = findProgram(name);
  if (found) return found;
  throw new SetupError({
    what: name === 'dawn' ? '--host dawn needs the npm package webgpu' : '--host deno needs Deno',
    found:
      name === 'dawn'
        ? 'no package webgpu where the command was started or next to wgrad'
        : 'no program deno in the PATH, and no package deno where the command was started or next to wgrad',
    fix: `type: ${programAdvice(name)}; or omit --host to run in a browser`,
  });
}
