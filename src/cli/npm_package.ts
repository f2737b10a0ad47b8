import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { DataError, WgradError } from '../errors.ts';

/** By default npm tries three times over more than a minute, which is too long to wait without a network. */
const retries = ['--fetch-retries=1', '--fetch-retry-mintimeout=2000'];

/**
 * Downloads the archive of an npm package into a folder, using npm itself, which supports proxies and mirrors and verifies the
 * archive. Nothing is installed and no script runs.
 *
 * @param spec `name@version`.
 * @returns the path of the archive.
 * @throws WgradError with npm's message if it fails.
 */
export async function downloadPackage(spec: string, folder: string, signal: AbortSignal): Promise<string> {
  const [program, ...args] = [...npm(), 'pack', spec, '--loglevel=error', '--ignore-scripts', ...retries];
  const child = spawn(program!, args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32', // npm is a batch file on Windows
  });
  let words = '';
  child.stderr.on('data', (data) => {
    words += data;
  });
  const stop = () => child.kill();
  signal.addEventListener('abort', stop);
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : words.trim() || `npm exited with code ${code}`));
  });
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (failure === undefined) return join(folder, `${spec.replace(/^@/, '').replace('/', '-').replace('@', '-')}.tgz`);
  throw new WgradError({
    what: `npm could not download the package ${spec}`,
    found: failure,
    fix: `check that this works: npm pack ${spec}`,
  });
}

/** The npm that started this process, if any. */
function npm(): string[] {
  const path = process.env.npm_execpath;
  return path && basename(path) === 'npm-cli.js' ? [process.execPath, path] : ['npm'];
}

/**
 * Extracts files from an npm package's archive.
 *
 * @param names their paths inside the package.
 * @throws DataError if one is missing.
 */
export async function unpackPackage(archive: string, names: readonly string[]): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const entries = extract();
  const reading = pipeline(createReadStream(archive), createGunzip(), entries);
  reading.catch(() => undefined); // reported below, after the entries have ended
  try {
    for await (const entry of entries) {
      const name = entry.header.name.replace(/^[^/]+\//, '');
      if (!names.includes(name)) entry.resume();
      else files.set(name, await buffer(entry as AsyncIterable<Uint8Array>));
    }
    await reading;
  } catch (cause) {
    throw new DataError(
      { what: `The archive ${archive} cannot be unpacked`, found: (cause as Error).message, expected: 'a whole .tgz' },
      { cause },
    );
  }
  const missing = names.filter((name) => !files.has(name));
  if (missing.length === 0) return files;
  throw new DataError({
    what: `Files are missing from the archive ${archive}`,
    found: `no ${missing.join(', ')}`,
    expected: names.join(', '),
  });
}
