import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { launchChrome } from '../../src/cli/chrome.ts';
import { findChrome } from '../../src/cli/find_chrome.ts';
import { findFirefox, launchFirefox, versionOf } from '../../src/cli/hosts/firefox.ts';
import { type HostName, hostNames, type ProcessName, processNames } from '../../src/cli/hosts/host_names.ts';
import { findProgram, type HostProgram, programAdvice } from '../../src/cli/hosts/host_programs.ts';
import {
  type DriverName,
  driverAdvice,
  driverEnvironment,
  driverNames,
  findDriver,
} from '../../src/cli/hosts/vulkan_drivers.ts';
import { serve } from '../../src/cli/server.ts';
import { withinTime } from '../../src/time_limit.ts';
import { openPage, press, text, until } from '../page/visit.ts';
import type { PortableReport } from './suite.ts';

// The hosts and drivers that the suite runs on: Chrome and Node's bindings use Dawn, Firefox and Deno use wgpu.

export { driverNames, hostNames };

/** Time limit of a host for the suite in ms: some share two cores and have only a software adapter. */
const limit = 1_200_000;

/** The files in dist/portable that a run on a host and a driver needs. */
export interface Suite {
  /** Folder of suite.js and of the hosts' scripts. */
  folder: string;
  short: boolean;
}

/** A host on this machine. */
export interface Host {
  name: HostName;
  version: string;
  /** Drivers that it never uses, with the reason. */
  without: Partial<Record<DriverName, string>>;
  /** Drivers of which it rejects old versions, with the versions: it then finds no adapter. */
  refuses: Partial<Record<DriverName, string>>;
  /** @param icd the file that names the Vulkan driver. */
  run(suite: Suite, icd: string): Promise<PortableReport>;
  /** Opens a browser for the page's journey; undefined for a host without pages. */
  open?(icd: string): Promise<Browser>;
}

/** Thrown if a host finds no adapter on a driver. */
export class NoAdapter extends Error {
  override name = 'NoAdapter';
}

/** A component that is not on this machine, and how to install it. */
export interface Missing {
  name: string;
  install: string;
}

/** The Vulkan drivers on this machine: for each, the file that names it to the loader. */
export async function findDrivers(): Promise<{ found: Map<DriverName, string>; missing: Missing[] }> {
  const found = new Map<DriverName, string>();
  const missing: Missing[] = [];
  for (const name of driverNames) {
    const file = await findDriver(name);
    if (file) found.set(name, file);
    else missing.push({ name, install: driverAdvice[name] });
  }
  return { found, missing };
}

export async function findHosts(): Promise<{ found: Host[]; missing: Missing[] }> {
  const found: Host[] = [];
  const missing: Missing[] = [];
  const chrome = await findChrome();
  if (chrome) found.push(chromeHost(versionOf(chrome)));
  else missing.push({ name: 'chrome', install: 'install Chrome, or Chromium: apt-get install chromium' });
  const firefox = findFirefox();
  if (firefox) found.push(firefoxHost(versionOf(firefox)));
  else missing.push({ name: 'firefox', install: 'install Firefox: apt-get install firefox-esr' });
  for (const name of processNames) {
    const program = findProgram(name);
    if (program) found.push(processHost(name, program));
    else missing.push({ name, install: programAdvice(name) });
  }
  return { found, missing };
}

/** Runs the suite in a browser page. */
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

const firefoxHost = (version: string): Host => {
  const open = (driver: string) => launchFirefox({ driver });
  return {
    name: 'firefox',
    version,
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

const processHost = (name: ProcessName, { path, version, args }: HostProgram): Host => ({
  name,
  version,
  without: {},
  refuses: name === 'dawn' ? { llvmpipe: 'Dawn needs llvmpipe of Mesa 25 or later' } : {},
  run: ({ folder, short }, icd) =>
    inProcess(path, [...args(join(folder, name === 'dawn' ? 'node_host.js' : 'deno_host.js')), String(short)], icd),
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
    if (/no adapter for it/.test(stderr)) throw new NoAdapter('requestAdapter() returned null');
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

/** Trains a small network on the page, as a visitor does: it loads, learns, draws its plots, and reports no errors. */
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
