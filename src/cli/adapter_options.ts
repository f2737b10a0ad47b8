import type { Command } from 'commander';
import { oneOf } from './values.ts';

/** Where it runs: which kind of adapter, in which Chrome. */
export interface AdapterOptions {
  adapter: 'auto' | 'software' | 'hardware';
  chrome?: string;
}

/** The flags that every command which starts Chrome has. */
export function addAdapterOptions(command: Command): Command {
  return command
    .option(
      '--adapter <kind>',
      'auto, software or hardware',
      oneOf('--adapter', ['auto', 'software', 'hardware']),
      'auto',
    )
    .option('--chrome <path>', 'the Chrome, Chromium or Edge to use');
}
