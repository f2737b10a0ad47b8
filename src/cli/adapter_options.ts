import { type Command, Option } from 'commander';
import { browserTimeout } from '../time_limit.ts';
import { integer, oneOf } from './values.ts';

/** The kind of adapter, the Chrome to use, and whether a missing one may be installed. */
export interface AdapterOptions {
  adapter: 'auto' | 'software' | 'hardware';
  chrome?: string;
  /** Time limit in milliseconds for each of Chrome's answers. */
  browserTimeout?: number;
  yes: boolean;
}

/** Adds the options of every command that starts Chrome. */
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

/** The option of every command that may have to install something. */
export const yesOption = (): Option =>
  new Option(
    '-y, --yes',
    'install what is missing (Chrome, Fashion-MNIST) with apt-get without asking, where that needs no password',
  ).default(false);
