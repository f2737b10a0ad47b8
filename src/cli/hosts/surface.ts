import type { Outcome } from '../headless/protocol.ts';

/** Receivers of the events that the page or the process sends, by the names of the functions that it calls. */
export type Listeners = Readonly<Record<string, (...args: never[]) => void>>;

/**
 * The program that a session controls: a page in a browser, or a process of a host without pages. Both have the same API,
 * `window.wgrad`.
 */
export interface Surface {
  /** `Chrome/156.0.8078.79`, `dawn/0.6.2` */
  readonly version: string;
  /** How it was started, for an error: "with --use-webgpu-adapter=swiftshader". */
  readonly startedWith: string;
  /** How to get an adapter if it has none. */
  readonly howToGet: string;
  /** Description of the Vulkan driver that it was told to use. */
  readonly driver: string | undefined;
  /** Loads the page's script from the server, and waits until it can be called. */
  load(url: string): Promise<void>;
  call(name: string, args: readonly unknown[]): Promise<Outcome<unknown>>;
  /** Seconds of processor time that its processes have taken so far; undefined if that is unknown. */
  processorSeconds(): number | undefined;
  /** Asks it to end `fit` after the current step. */
  stop(): void;
  close(): Promise<void>;
}

/** Options for opening any surface. */
export interface SurfaceOptions {
  kind: 'software' | 'hardware';
  /** Start it so that it offers tensor cores. */
  tensorCores?: boolean;
  /** Time limit in milliseconds for each answer. */
  timeout: number;
  listeners: Listeners;
}
