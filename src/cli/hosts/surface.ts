import type { Outcome } from '../headless/protocol.ts';

/** What the page or the process sends by itself, by the names of the functions that it calls. */
export type Listeners = Readonly<Record<string, (...args: never[]) => void>>;

/** What a session drives: a page in a browser, or a process of a host without pages. Both have the same API, `window.wgrad`. */
export interface Surface {
  /** `Chrome/156.0.8078.79`, `dawn/0.6.2` */
  readonly version: string;
  /** What it was started with, for an error: "with --use-webgpu-adapter=swiftshader". */
  readonly startedWith: string;
  /** What to do where it has no adapter. */
  readonly howToGet: string;
  /** The Vulkan driver that it was told to take, in words. */
  readonly driver: string | undefined;
  /** Loads the page's script from the server, and waits until it can be called. */
  load(url: string): Promise<void>;
  call(name: string, args: readonly unknown[]): Promise<Outcome<unknown>>;
  /** Asks it to end `fit` after the step that it is in. */
  stop(): void;
  close(): Promise<void>;
}

/** What each surface is opened with. */
export interface SurfaceOptions {
  kind: 'software' | 'hardware';
  /** Milliseconds for each answer. */
  timeout: number;
  listeners: Listeners;
}
