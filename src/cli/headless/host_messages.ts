import type { Outcome } from './protocol.ts';

// The command and a host without a page exchange these as lines of JSON, over the host's standard input and output.

/** What the command sends. */
export type ToHost = { id: number; name: string; args: readonly unknown[] } | { stop: true };

/** What the host sends. */
export type FromHost =
  | { ready: true }
  | { id: number; outcome: Outcome<unknown> }
  /** A call of one of the functions that a page finds exposed. */
  | { event: string; args: readonly unknown[] };
