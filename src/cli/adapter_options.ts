import { type Command, Option } from 'commander';
import { browserTimeout } from '../time_limit.ts';
import { browserNames, type HostName, type ProcessName, processNames } from './hosts/host_names.ts';
import { integer, oneOf } from './values.ts';

/** The kind of adapter, the host to train in, and whether missing software may be installed. */
export interface AdapterOptions {
  adapter: 'auto' | 'software' | 'hardware';
  browser?: 'auto' | 'chrome' | 'firefox';
  /** As typed: dawn or deno. When the command begins it holds the chosen host, or undefined for Chrome. */
  host?: HostName;
  chrome?: string;
  /** Start the browser or Dawn with tensor cores, and open the device with them. */
  tensorCores?: boolean;
  /** Time limit in milliseconds for each of Chrome's answers. */
  browserTimeout?: number;
  yes: boolean;
}

/** Adds the options of every command that starts Chrome. */
export function addAdapterOptions(command: Command): Command {
  return command
    .option(
      '--adapter <kind>',
      'GPU adapter: auto, software or hardware',
      oneOf('--adapter', ['auto', 'software', 'hardware']),
      'auto',
    )
    .addOption(
      new Option(
        '--browser <name>',
        'chrome, firefox, or auto: Firefox if there is no GPU and Firefox and llvmpipe are installed, which is then faster, otherwise Chrome (default: chrome; auto with --adapter software)',
      )
        .argParser(oneOf('--browser', ['auto', ...browserNames]))
        .env('WGRAD_BROWSER'),
    )
    .addOption(
      new Option(
        '--host <name>',
        'run without a browser, in dawn (the npm package webgpu) or deno (the program or the npm package)',
      )
        .argParser<ProcessName>(oneOf('--host', processNames))
        .conflicts(['chrome']),
    )
    .option('--chrome <path>', 'path of the Chrome, Chromium or Edge to use')
    .option(
      '--browser-timeout <seconds>',
      `time limit for the browser or host to start, to open a page or to provide a GPU (default: ${browserTimeout / 1000})`,
      (text) => 1000 * integer('--browser-timeout', { min: 1 })(text),
    )
    .addOption(yesOption());
}

/** The option of commands that tune, list or choose variants of kernels. */
export const tensorCoresOption = (): Option =>
  new Option(
    '--tensor-cores',
    'also use tensor cores, which multiply in float16 and add up in float32, where the tuner finds them faster: an experimental feature of Chrome and Dawn on GPUs that have them',
  );

/** The option of every command that may have to install something. */
export const yesOption = (): Option =>
  new Option(
    '-y, --yes',
    'install what is missing (Chrome, Fashion-MNIST) with apt-get without asking, if that needs no password',
  ).default(false);
