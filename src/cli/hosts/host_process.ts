import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SetupError, type WgradError } from '../../errors.ts';
import { secondsText, withinTime } from '../../time_limit.ts';
import { BrowserLostError } from '../browser_lost_error.ts';
import { halfOnNvidia } from '../chrome.ts';
import { endsInTime, killProcesses } from '../close_chrome.ts';
import type { FromHost, ToHost } from '../headless/host_messages.ts';
import type { Outcome } from '../headless/protocol.ts';
import { Liveness } from '../liveness.ts';
import type { Served } from '../server.ts';
import { hostTitles, type ProcessName } from './host_names.ts';
import { type HostProgram, requireProgram } from './host_programs.ts';
import { secondsOfGroup } from './process_time.ts';
import type { Surface, SurfaceOptions } from './surface.ts';
import {
  type DriverName,
  driverAdvice,
  driverEnvironment,
  driverTitle,
  firstDriver,
  namedDrivers,
} from './vulkan_drivers.ts';

/** The CPU drivers that each host supports, in order of preference: Dawn rejects llvmpipe of Mesa before 25. */
const drivers: Record<ProcessName, readonly DriverName[]> = {
  dawn: ['swiftshader', 'llvmpipe'],
  deno: ['llvmpipe', 'swiftshader'],
};

/** Number of lines of its stderr that are included in an error. */
const shownLines = 5;
/** Time limit in milliseconds for a normal exit, and again for the exit after a kill. */
const closeTimeout = 2000;

export interface ProcessOptions extends SurfaceOptions {
  name: ProcessName;
  /** The server with the data. */
  server: Served;
}

/** A process that trains: it receives calls and answers as lines of JSON. */
export class HostProcess implements Surface {
  private readonly failure: Promise<never>;
  private readonly ended: Promise<void>;
  private readonly liveness: Liveness;
  private readonly calls = new Map<number, (outcome: Outcome<unknown>) => void>();
  private readonly complaints: string[] = [];
  private ready = () => {};
  private readonly isReady = new Promise<void>((resolve) => {
    this.ready = resolve;
  });
  private next = 0;
  private closing: Promise<void> | undefined;
  readonly version: string;
  readonly startedWith: string;
  readonly howToGet: string;

  private constructor(
    private readonly child: ChildProcess,
    { version }: HostProgram,
    private readonly options: ProcessOptions,
    readonly driver: string | undefined,
  ) {
    const { name, timeout, kind } = options;
    const title = hostTitles[name];
    this.version = `${name}/${version}`;
    this.startedWith = driver ? `with the driver ${driver}` : "with the system's Vulkan drivers";
    this.howToGet =
      kind === 'software'
        ? `install a driver for the CPU: ${drivers[name].map((each) => driverAdvice[each]).join('; or ')}`
        : "install the GPU's Vulkan driver (vulkaninfo --summary has to list the GPU), or use --adapter software";
    let reject: (error: WgradError) => void = () => {};
    this.failure = new Promise((_, rejectIt) => {
      reject = rejectIt;
    });
    this.failure.catch(() => undefined);
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        resolve();
        const said = this.complaints.length > 0 ? `: ${this.complaints.join(' ')}` : '';
        if (!this.closing) reject(new BrowserLostError({ what: `${title} ended`, found: `${how}${said}` }));
      };
      child.on('error', (error) => end(error.message));
      child.on('close', (code, signal) => end(signal ? `by ${signal}` : `with code ${code}`));
    });
    // Writing to a process that has ended fails; its end is reported elsewhere.
    child.stdin!.on('error', () => undefined);
    createInterface({ input: child.stdout! }).on('line', (line) => this.hearLine(line));
    createInterface({ input: child.stderr! }).on('line', (line) => this.complain(line));
    this.liveness = new Liveness({ title, timeout, work: async () => this.processorSeconds(), fail: reject });
  }

  /** @throws SetupError if the program or a driver is missing. */
  static async start(options: ProcessOptions): Promise<HostProcess> {
    const { name, kind, server, tensorCores } = options;
    const program = requireProgram(name);
    const driver = kind === 'software' ? await requireDriver(name) : namedDrivers();
    const runtime = mkdtempSync(join(tmpdir(), 'wgrad-host-'));
    const script = fileURLToPath(new URL('../headless_host.js', import.meta.url));
    const toggles = tensorCores && name === 'dawn' ? [`enable-dawn-features=allow_unsafe_apis,${halfOnNvidia}`] : [];
    const child = spawn(program.path, [...program.args(script), ...toggles, server.url], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // The process has its own process group, so that a Ctrl-C reaches only the command, which ends it properly.
      detached: process.platform !== 'win32',
      env: {
        ...process.env,
        ...(driver && driverEnvironment(driver)),
        // Otherwise Deno would try OpenGL if the Vulkan driver does not work.
        ...(process.platform === 'linux' && { DENO_WEBGPU_BACKEND: process.env.DENO_WEBGPU_BACKEND ?? 'vulkan' }),
        XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? runtime,
        NO_COLOR: '1',
      },
    });
    child.once('close', () => rmSync(runtime, { recursive: true, force: true }));
    return new HostProcess(child, program, options, driver && driverTitle(driver));
  }

  async load(): Promise<void> {
    const { timeout, name } = this.options;
    await withinTime(Promise.race([this.isReady, this.failure]), timeout, () => {
      return new SetupError({
        what: `${hostTitles[name]} did not start within ${secondsText(timeout)}`,
        found: this.complaints.join(' ') || 'no answer',
        fix: 'run it again; on a slow machine, allow more time with --browser-timeout <seconds>',
      });
    });
  }

  private complain(line: string): void {
    this.complaints.push(line);
    if (this.complaints.length > shownLines) this.complaints.shift();
  }

  /** A driver or a library in the process may print other lines to its stdout. */
  private hearLine(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      // It is text, which is kept below.
    }
    if (typeof message === 'object' && message !== null) this.hear(message as FromHost);
    else this.complain(line);
  }

  private hear(message: FromHost): void {
    this.liveness.sign();
    if ('ready' in message) this.ready();
    else if ('event' in message) this.options.listeners[message.event]?.(...(message.args as never[]));
    else {
      this.calls.get(message.id)?.(message.outcome);
      this.calls.delete(message.id);
    }
  }

  private send(message: ToHost): void {
    this.child.stdin!.write(`${JSON.stringify(message)}\n`);
  }

  async call(name: string, args: readonly unknown[]): Promise<Outcome<unknown>> {
    const id = this.next++;
    const answer = new Promise<Outcome<unknown>>((resolve) => this.calls.set(id, resolve));
    this.send({ id, name, args });
    return this.liveness.during(Promise.race([answer, this.failure]));
  }

  processorSeconds(): number | undefined {
    return this.child.pid === undefined ? undefined : secondsOfGroup(this.child.pid);
  }

  stop(): void {
    this.send({ stop: true });
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.child.stdin!.end();
    const endedInTime = await endsInTime(this.ended, closeTimeout);
    if (this.child.pid !== undefined) killProcesses(this.child.pid, endedInTime);
    if (!endedInTime) await endsInTime(this.ended, closeTimeout);
  }
}

async function requireDriver(name: ProcessName): Promise<string | undefined> {
  // On other systems the host uses the system's driver.
  if (process.platform !== 'linux') return undefined;
  const found = await firstDriver(drivers[name]);
  if (found) return found;
  throw new SetupError({
    what: `${hostTitles[name]} found no Vulkan driver that runs on the CPU`,
    found: 'neither SwiftShader nor llvmpipe on this machine',
    fix: drivers[name].map((driver) => driverAdvice[driver]).join('; or '),
  });
}
