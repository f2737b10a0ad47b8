import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import puppeteer, { type Browser } from 'puppeteer';
import { launchChrome } from '../../src/cli/chrome.ts';
import { findChrome } from '../../src/cli/find_chrome.ts';
import { serve } from '../../src/cli/server.ts';
import { withinTime } from '../../src/time_limit.ts';
import { openPage, press, text, until } from '../page/visit.ts';
import type { PortableReport } from './suite.ts';

// The hosts and drivers that the suite runs on: Chrome and Node's bindings are Dawn, Firefox and Deno are wgpu.

export const hostNames = ['chrome', 'firefox', 'dawn', 'deno'] as const;
export type HostName = (typeof hostNames)[number];
export const driverNames = ['swiftshader', 'llvmpipe'] as const;
export type DriverName = (typeof driverNames)[number];

/** How long a host may take for the suite: some of them share two cores with nothing but a CPU to compute on. */
const limit = 1_200_000;

/** What a run on a host and a driver needs of what lies in dist/portable. */
export interface Suite {
  /** The folder of suite.js and of the hosts' scripts. */
  folder: string;
  short: boolean;
}

/** A host on this machine. */
export interface Host {
  name: HostName;
  version: string;
  /** Drivers that it never takes, and why. */
  without: Partial<Record<DriverName, string>>;
  /** Drivers of which it refuses old versions, and which: it then finds no adapter. */
  refuses: Partial<Record<DriverName, string>>;
  /** @param icd the file that names the Vulkan driver. */
  run(suite: Suite, icd: string): Promise<PortableReport>;
  /** Opens a browser for the page's journey; undefined for a host without pages. */
  open?(icd: string): Promise<Browser>;
}

/** A host finds no adapter on a driver. */
export class NoAdapter extends Error {
  override name = 'NoAdapter';
}

/** What isn't on this machine, and how to get it. */
export interface Missing {
  name: string;
  install: string;
}

/** A path of the first of these programs in PATH. */
function program(...names: string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const name of names) {
    const found = folders.map((folder) => join(folder, name)).find(existsSync);
    if (found) return found;
  }
  return undefined;
}

/** A package of npm that may be installed beside wgrad's own. */
function packagePath(name: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch {
    return undefined;
  }
}

const versionOf = (path: string, ...args: string[]) =>
  /\d+(\.\d+)+/.exec(spawnSync(path, [...args, '--version'], { encoding: 'utf8' }).stdout ?? '')?.[0] ?? '';

/** The Vulkan drivers on this machine: the file that names each to the loader. */
export async function findDrivers(): Promise<{ found: Map<DriverName, string>; missing: Missing[] }> {
  const found = new Map<DriverName, string>();
  const missing: Missing[] = [];
  const chrome = await findChrome();
  const beside = chrome ? dirname(realpathSync(chrome)) : '';
  const swiftshader = [beside, '/usr/lib/chromium', '/usr/lib/chromium-browser']
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .find(existsSync);
  if (swiftshader) found.set('swiftshader', swiftshader);
  else missing.push({ name: 'swiftshader', install: 'install Chromium, which brings it: apt-get install chromium' });
  const folder = '/usr/share/vulkan/icd.d';
  const llvmpipe = existsSync(folder) && readdirSync(folder).find((name) => name.startsWith('lvp_icd'));
  if (llvmpipe) found.set('llvmpipe', join(folder, llvmpipe));
  else missing.push({ name: 'llvmpipe', install: 'apt-get install mesa-vulkan-drivers' });
  return { found, missing };
}

export async function findHosts(): Promise<{ found: Host[]; missing: Missing[] }> {
  const found: Host[] = [];
  const missing: Missing[] = [];
  const chrome = await findChrome();
  if (chrome) found.push(chromeHost(versionOf(chrome)));
  else missing.push({ name: 'chrome', install: 'install Chrome, or Chromium: apt-get install chromium' });
  const firefox = process.env.FIREFOX_PATH ?? program('firefox-esr', 'firefox');
  if (firefox) found.push(firefoxHost(firefox));
  else missing.push({ name: 'firefox', install: 'install Firefox: apt-get install firefox-esr' });
  const dawn = packagePath('webgpu');
  if (dawn) found.push(dawnHost(dawn));
  else missing.push({ name: 'dawn', install: 'npm install --no-save webgpu' });
  const deno = program('deno') ?? denoOfNpm();
  if (deno) found.push(denoHost(deno));
  else missing.push({ name: 'deno', install: 'npm install --no-save deno' });
  return { found, missing };
}

/** The program in the npm package, which its script for installation may not have linked. */
function denoOfNpm(): string | undefined {
  const own = packagePath('deno/package.json');
  if (!own) return undefined;
  const programs = join(dirname(own), '..', '@deno');
  const folders = existsSync(programs) ? readdirSync(programs) : [];
  return folders
    .map((name) => join(programs, name, process.platform === 'win32' ? 'deno.exe' : 'deno'))
    .find(existsSync);
}

/** Runs the suite in a page of a browser. */
async function inBrowser(browser: Browser, { folder, short }: Suite): Promise<PortableReport> {
  const server = await serve(folder, (_request, _response, next) => next());
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(limit);
    await page.goto(new URL('page.html', server.url).href);
    await page.waitForFunction(() => 'runSuite' in globalThis);
    const run = page.evaluate(
      (short) => (globalThis as unknown as typeof import('./suite.ts')).runSuite({ short }),
      short,
    );
    return await withinTime(run, limit, late);
  } finally {
    server.close();
  }
}

const late = () => new Error(`no result within ${limit / 60_000} minutes`);

const chromeHost = (version: string): Host => {
  const open = () => launchChrome({ adapter: 'software' });
  return {
    name: 'chrome',
    version,
    without: { llvmpipe: 'Chromium takes SwiftShader for its software adapter, whatever Vulkan driver is set' },
    refuses: {},
    open,
    run: (suite) => during(open, (browser) => inBrowser(browser, suite)),
  };
};

const firefoxHost = (path: string): Host => {
  const open = (icd: string) =>
    puppeteer.launch({
      browser: 'firefox',
      executablePath: path,
      headless: true,
      protocolTimeout: 0,
      env: { ...process.env, ...driverEnvironment(icd) },
      extraPrefsFirefox: { 'dom.webgpu.enabled': true, 'gfx.webgpu.ignore-blocklist': true },
    });
  return {
    name: 'firefox',
    version: versionOf(path),
    without: {},
    refuses: {},
    open,
    run: (suite, icd) =>
      during(
        () => open(icd),
        (browser) => inBrowser(browser, suite),
      ),
  };
};

async function during<T>(open: () => Promise<Browser>, work: (browser: Browser) => Promise<T>): Promise<T> {
  const browser = await open();
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** Tells the Vulkan loader which driver to take, under its old and its new name. */
const driverEnvironment = (icd: string) => ({ VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd });

const dawnHost = (path: string): Host => ({
  name: 'dawn',
  version: createRequire(import.meta.url)('webgpu/package.json').version as string,
  without: {},
  refuses: { llvmpipe: 'Dawn needs llvmpipe of Mesa 25 or later' },
  run: ({ folder, short }, icd) =>
    inProcess(process.execPath, [join(folder, 'node_host.js'), pathToFileURL(path).href, String(short)], icd),
});

const denoHost = (path: string): Host => ({
  name: 'deno',
  version: versionOf(path),
  without: {},
  refuses: {},
  run: ({ folder, short }, icd) =>
    inProcess(path, ['run', '-A', '--no-lock', '--unstable-webgpu', join(folder, 'deno_host.js'), String(short)], icd),
});

/** Runs a program that prints the report as its last line. */
async function inProcess(path: string, args: readonly string[], icd: string): Promise<PortableReport> {
  const runtime = mkdtempSync(join(tmpdir(), 'wgrad-portable-'));
  try {
    const { code, signal, stdout, stderr } = await outputOf(path, args, {
      ...process.env,
      ...driverEnvironment(icd),
      XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? runtime,
      NO_COLOR: '1',
    });
    const line = stdout.trimEnd().split('\n').at(-1) ?? '';
    if (line.startsWith('{')) return JSON.parse(line) as PortableReport;
    if (/it has no adapter/.test(stderr)) throw new NoAdapter('requestAdapter() gave null');
    const said = stderr.trim().split('\n').slice(-5).join(' ') || 'nothing on stderr';
    throw new Error(signal ? `ended by ${signal}: ${said}` : `ended with code ${code}: ${said}`);
  } finally {
    rmSync(runtime, { recursive: true, force: true });
  }
}

interface Output {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

function outputOf(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: limit });
    const [out, err]: string[][] = [[], []];
    child.stdout.setEncoding('utf8').on('data', (part: string) => out!.push(part));
    child.stderr.setEncoding('utf8').on('data', (part: string) => err!.push(part));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout: out!.join(''), stderr: err!.join('') }));
  });
}

/** Trains a small network on the page, as its visitor does: it loads, learns, draws its plots, and complains of nothing. */
export async function pageJourney(host: Host, icd: string, folder: string): Promise<string> {
  const server = await serve(folder, (_request, _response, next) => next());
  try {
    return await during(
      () => host.open!(icd),
      async (browser) => {
        const page = await browser.newPage();
        const complaints: string[] = [];
        await openPage(`${server.url}#dataset=digits&train-samples=400&epochs=2`, page, complaints);
        await press(page, '#start');
        await until(page, '#status', 'Done in');
        const rows = await page.$$eval('#epochs tbody tr', (all) => all.length);
        const plots = await page.$$eval('canvas', (all) => all.filter(({ width }) => width > 0).length);
        if (rows !== 2 || plots === 0) throw new Error(`${rows} epochs and ${plots} plots are shown`);
        if (complaints.length > 0) throw new Error(complaints.join('; '));
        return text(page, '#status');
      },
    );
  } finally {
    server.close();
  }
}
