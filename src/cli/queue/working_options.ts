import { type Command, Option } from 'commander';
import { ConfigurationError } from '../../errors.ts';
import { byteWords } from '../../figures.ts';
import type { AdapterOptions } from '../adapter_options.ts';
import { byteSize, existingFolder, flagOf, outputFolder, real } from '../values.ts';

/** The options shared by a separate worker and the one within `wgrad sweep --queue`. */
export interface WorkingOptions extends AdapterOptions {
  queue?: string | true;
  /** The folder with the data sets that jobs name. */
  data?: string;
  /** A folder shared by all machines for large states. */
  checkpoints?: string;
  /** Maximum size in bytes of a state in the queue. */
  stateLimit: number;
  /** Minutes without a queue after which it gives up. */
  queueTimeout: number;
  jobs?: number;
}

const defaultStateLimit = 16 * 2 ** 20;
const defaultQueueTimeout = 60;

/** Adds the options of commands that train tasks of a queue. */
export function addWorkingOptions(command: Command): Command {
  return command
    .option(
      '--queue [url]',
      'URL of the Redis server that holds the queue: redis://host:6379, or rediss://user:password@host:6380/0 with TLS; without a URL, the one in WGRAD_QUEUE',
    )
    .option(
      '--data <folder>',
      'with --queue: folder with further data sets, which a job names by their path below it',
      existingFolder('--data'),
    )
    .option(
      '--checkpoints <folder>',
      'with --queue: folder shared by all machines, for states above --state-limit',
      outputFolder('--checkpoints'),
    )
    .addOption(
      new Option('--state-limit <size>', 'with --queue: largest state of an unfinished trial that is stored in Redis')
        .argParser(byteSize('--state-limit'))
        .default(defaultStateLimit, byteWords(defaultStateLimit)),
    )
    .option(
      '--queue-timeout <minutes>',
      'with --queue: minutes without a connection to Redis before the command gives up',
      real('--queue-timeout', { min: 0 }),
      defaultQueueTimeout,
    );
}

/** Options that apply to a queue only. */
const ofQueues = ['data', 'checkpoints', 'stateLimit', 'queueTimeout', 'attempts', 'takeover', 'kind'];

/** @throws ConfigurationError for options of a queue without --queue. */
export function requireNoQueueFlags(
  { queue, jobs }: Pick<WorkingOptions, 'queue' | 'jobs'>,
  isTyped: (name: string) => boolean,
): void {
  const flag = ofQueues.find(isTyped);
  if (queue !== undefined || (flag === undefined && jobs !== 0)) return;
  const found = flag === undefined ? '--jobs 0' : flagOf(flag);
  throw new ConfigurationError({
    what: `${found} is for work that is spread over several machines`,
    found: `${found} without --queue`,
    fix: `add --queue redis://host:6379, or leave ${found} out`,
  });
}
