import type { Outcome } from './protocol.ts';

// The messages between the command and a host without a page: lines of JSON over the host's standard input and output.

/** Messages from the command. */
export type ToHost = { id: number; name: string; args: readonly unknown[] } | { stop: true };

/** Messages from the host. */
export type FromHost =
  | { ready: true }
  | { id: number; outcome: Outcome<unknown> }
  /** A call of one of the functions that would be exposed to a page. */
  | { event: string; args: readonly unknown[] };
