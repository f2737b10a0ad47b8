// Bundles what the command needs from the sources of a clone. `npm run build` builds the whole package.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const common = ['src', 'shaders', 'build', 'package.json', 'vite.config.ts'];
/** The sources of each build. */
const sources = {
  cli: common,
  library: common,
  bench: [...common, 'test/bench'],
  'bench-page': [...common, 'test/bench'],
};
/** The builds that a program consists of. */
const programs = {
  cli: ['cli', 'library'],
  // `bench --data` reads its pictures with the command's own page, which is part of the library's build.
  bench: ['bench', 'bench-page', 'library'],
};
const lock = `${root}dist/building`;

/**
 * Builds those parts of `cli` or `bench` of which a source is newer than the last build. If two commands start at the same time, only one
 * of them builds.
 */
export async function buildWhenStale(program) {
  mkdirSync(`${root}dist`, { recursive: true });
  while (programs[program].some(isStale)) {
    if (!takeLock()) {
      await delay(100);
      continue;
    }
    try {
      console.error('Building wgrad from its sources.');
      const { build } = await import('vite');
      for (const mode of programs[program].filter(isStale)) {
        const started = new Date();
        await build({ configFile: `${root}vite.config.ts`, mode, logLevel: 'warn' });
        writeFileSync(stampOf(mode), '');
        // The stamp gets the start time of the build, so that a file saved during the build counts as newer.
        utimesSync(stampOf(mode), started, started);
      }
      return;
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

/** The file whose modification time is that of the last build. */
const stampOf = (mode) => `${root}dist/${mode}-built`;

function isStale(mode) {
  const built = statSync(stampOf(mode), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return built <= Math.max(...sources[mode].map(changed));
}

/** When each source last changed, read once. */
const changes = new Map();
function changed(name) {
  if (!changes.has(name)) changes.set(name, newest(root + name));
  return changes.get(name);
}

/** The modification time of the newest file. */
function newest(path) {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}

/** The lock contains the id of the process that holds it, so that a lock left behind by a killed build can be recognized. */
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
    // The file is empty for a moment between its creation and the write.
    return owner === 0 || process.kill(owner, 0);
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}
