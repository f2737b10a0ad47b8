// Bundles what the command needs, from the sources of a clone. `npm run build` makes the whole package.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const common = ['src', 'shaders', 'package.json', 'vite.config.ts'];
const programs = {
  cli: { modes: ['cli', 'library'], sources: common },
  // The command's own page reads the pictures of `bench --data`.
  bench: { modes: ['bench', 'bench-page', 'library'], sources: [...common, 'test/bench'] },
};
const lock = `${root}dist/building`;

/** Builds `cli` or `bench` where a source is newer than the last build. Two commands started at once build once. */
export async function buildWhenStale(program) {
  const { modes, sources } = programs[program];
  const stamp = `${root}dist/${program}-built`;
  mkdirSync(`${root}dist`, { recursive: true });
  while (!isFresh(stamp, sources)) {
    if (!takeLock()) {
      await delay(100);
      continue;
    }
    try {
      const started = new Date();
      console.error('Building wgrad from its sources.');
      const { build } = await import('vite');
      for (const mode of modes) await build({ configFile: `${root}vite.config.ts`, mode, logLevel: 'warn' });
      writeFileSync(stamp, '');
      // A file that is saved while this builds is newer than the stamp.
      utimesSync(stamp, started, started);
      return;
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

function isFresh(stamp, sources) {
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return built > Math.max(...sources.map((name) => newest(root + name)));
}

/** When the newest of the files was written. */
function newest(path) {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}

/** The lock holds its owner's process, so that one left behind by a killed build is seen for what it is. */
function takeLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    if (!ownerLives()) rmSync(lock, { force: true });
    return false;
  }
}

function ownerLives() {
  try {
    const owner = Number(readFileSync(lock, 'utf8'));
    // Empty for the instant between making the file and writing to it.
    return owner === 0 || process.kill(owner, 0);
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}
