import { type Command, Option } from 'commander';
import { browserTimeout } from '../time_limit.ts';
import { integer, oneOf } from './values.ts';

/** Where it runs: which kind of adapter, in which Chrome, and whether a missing one may be installed. */
export interface AdapterOptions {
  adapter: 'auto' | 'software' | 'hardware';
  chrome?: string;
  /** Milliseconds that Chrome may take for each answer. */
  browserTimeout?: number;
  yes: boolean;
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
    .option('--chrome <path>', 'the Chrome, Chromium or Edge to use')
    .option(
      '--browser-timeout <seconds>',
      `how long Chrome may take to start, to open a page or a GPU (default: ${browserTimeout / 1000})`,
      (text) => 1000 * integer('--browser-timeout', { min: 1 })(text),
    )
    .addOption(yesOption());
}

/** A flag of every command that may have to install something. */
export const yesOption = (): Option =>
  new Option(
    '-y, --yes',
    'install what is missing (Chrome, Fashion-MNIST) with apt-get without asking, where that needs no password',
  ).default(false);
