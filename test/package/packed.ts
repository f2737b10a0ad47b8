import { type ExecFileException, execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../cli/wgrad.ts';

export const root = join(import.meta.dirname, '../..');

export interface Ended {
  code: number;
  /** stderr followed by stdout. */
  text: string;
}

/** The environment of a user's shell: without variables of npm or vitest, and without access to the browsers' download servers. */
export function shellEnvironment(): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) => !/^(npm_|VITEST|NODE_ENV$|PUPPETEER_)/i.test(name));
  const environment = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  return { ...environment, HTTPS_PROXY: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9' };
}

/** Runs a program to its end, whatever its exit code. */
export async function runIn(cwd: string, env: NodeJS.ProcessEnv, program: string, ...args: string[]): Promise<Ended> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { cwd, env, maxBuffer: 2 ** 26 });
    return { code: 0, text: stderr + stdout };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as ExecFileException;
    if (typeof code !== 'number') throw error;
    return { code, text: stderr + stdout };
  }
}

/** They are in `dist` when the project is packed. */
export const chunksOfAnEarlierBuild = ['index-Old12345.d.ts', 'trainer-Old12345.js', 'trainer-Old12345.js.map'];

/** Packs the project as for publishing. Builds in a copy, because other tests run the project's build. */
async function pack(): Promise<string> {
  const copy = temporaryFolder();
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  const sources = [
    'package.json',
    'bin',
    'src',
    'shaders',
    'build',
    ...readdirSync(root).filter((it) => /\.(json|ts)$/.test(it)),
  ];
  const published = files.filter((it) => !/^(!|dist)/.test(it));
  for (const name of new Set([...sources, ...published]))
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  // The build uses one of these compilers.
  mkdirSync(join(copy, 'test/package'), { recursive: true });
  symlinkSync(join(root, 'test/package/typescript'), join(copy, 'test/package/typescript'));
  // A clone that was built before has chunks of other names.
  mkdirSync(join(copy, 'dist/chunks'), { recursive: true });
  for (const name of chunksOfAnEarlierBuild) writeFileSync(join(copy, 'dist/chunks', name), '');
  const { code, text } = await runIn(copy, shellEnvironment(), 'npm', 'pack', '--json');
  const tarball = readdirSync(copy).find((it) => it.endsWith('.tgz'));
  if (code !== 0 || !tarball) throw new Error(`npm pack ended with ${code}: ${text}`);
  return join(copy, tarball);
}

/**
 * Creates a new project with only the packed package installed.
 *
 * @returns its folder, and the packed file.
 */
export async function installPacked(): Promise<{ project: string; tarball: string }> {
  const tarball = await pack();
  const project = temporaryFolder();
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  // Offline, so npm fails if it has to fetch anything besides the tarball.
  const npm = ['install', tarball, '--offline', '--no-audit', '--no-fund'];
  const { code, text } = await runIn(project, shellEnvironment(), 'npm', ...npm);
  if (code !== 0) throw new Error(`npm install ended with ${code}: ${text}`);
  return { project, tarball };
}

/** Links the repository's own packages next to the packed one, as if installed from the registry. */
export function linkPackages(project: string, ...names: string[]): void {
  for (const name of names) {
    mkdirSync(join(project, 'node_modules', name, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
}
