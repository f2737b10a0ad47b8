import { type Command, Option } from 'commander';
import { addAdapterOptions } from '../../src/cli/adapter_options.ts';
import { main as wgrad } from '../../src/cli/main.ts';
import { byteSize, integer, namedOrJson, oneOf, outputFile, real } from '../../src/cli/values.ts';
import { datasetNames } from '../../src/data/index.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { presetNames } from '../../src/model/presets.ts';
import { benchBrowsers } from './browsers.ts';
import { benchPeers, type PeersOptions } from './peers.ts';
import { benchReading, type ReadingOptions } from './reading.ts';
import { benchScale, type ScaleOptions } from './scale.ts';
import { benchStreaming, type StreamOptions } from './streaming.ts';

type Chosen = PeersOptions &
  ScaleOptions &
  StreamOptions &
  ReadingOptions &
  Record<'stream' | 'scale' | 'data' | 'browsers', boolean>;

/** Options that another one gives a meaning: by the names of both, with the flag of the first. */
const refinements = [
  ['quick', 'scale', '--quick'],
  ['pictures', 'stream', '--pictures'],
  ['memoryBudget', 'stream', '--memory-budget'],
  ['pngs', 'data', '--pngs'],
  ['jpegs', 'data', '--jpegs'],
] as const;

/** The command line including `bench`. */
export const main = (argv: readonly string[]): Promise<void> => wgrad(argv, addBench);

function addBench(wgrad: Command): void {
  const batchSize = integer('--batch-size', { min: 1, max: 8192 });
  const bench = wgrad
    .command('bench')
    .description("compare the speed of a training step, the tutorial's by default, with TensorFlow.js and jax-js")
    .addOption(
      new Option('--model <what>', `a model as JSON (text or file), or one of ${presetNames.join(', ')}`)
        .argParser(namedOrJson('--model', presetNames))
        .default('tutorial'),
    )
    .addOption(
      new Option(
        '--dataset <name>',
        `${datasetNames.join(', ')}; synthetic images of its shape if it is not on this machine`,
      )
        .argParser(oneOf('--dataset', datasetNames))
        .default('mnist'),
    )
    .option(
      '--batch-size <n>',
      'images per step; may be given several times (default: 32 and 256)',
      (text: string, sizes?: number[]) => [...(sizes ?? []), batchSize(text)],
    )
    .option(
      '--rounds <n>',
      'number of turns of each (default: 3 to 5, as time allows)',
      integer('--rounds', { min: 1, max: 100 }),
    )
    .option(
      '--turn-seconds <x>',
      'length of a turn, which has at least one step (default: 3, with --optimizers 1)',
      real('--turn-seconds', { min: 0, max: 600 }),
    )
    .addOption(
      new Option(
        '--optimizers',
        'compare each optimizer, a moving average of the weights and accumulation with adam, in pairs',
      )
        .default(false)
        .conflicts(['augment', 'health']),
    );
  for (const [flag, what] of [
    ['--augment', "compare the augmentation alone with SciPy's affine_transform as Keras calls it"],
    ['--health', "compare the tutorial's step with and without measuring gradient health, in pairs"],
  ] as const) {
    bench.addOption(new Option(flag, what).default(false).conflicts(['model', 'dataset']));
  }
  bench
    .addOption(
      new Option(
        '--scale',
        'measure the GFLOP/s of wgrad alone for 28 to 224 pixels, 1 and 3 channels, and batches of 8 to 256',
      )
        .default(false)
        .conflicts(['dataset', 'augment', 'health', 'optimizers', 'stream']),
    )
    .addOption(
      new Option('--browsers', "wgrad's step on the CPU in Chrome and in Firefox, turn by turn")
        .default(false)
        .conflicts(['augment', 'health', 'optimizers', 'stream', 'scale']),
    )
    .option('--quick', 'with --scale: only the smallest images and batch', false)
    .addOption(
      new Option('--stream', 'train on JPEG files that do not fit on the GPU, and report how long it waited for them')
        .default(false)
        .conflicts(['model', 'dataset', 'augment', 'health', 'optimizers', 'batchSize', 'rounds']),
    )
    .option(
      '--pictures <n>',
      'number of JPEG files for --stream',
      integer('--pictures', { min: 2, max: 1_000_000 }),
      20_000,
    )
    .addOption(
      new Option('--memory-budget <size>', 'GPU memory for --stream, such as 256MiB or 1.5GB')
        .argParser(byteSize('--memory-budget'))
        .default(256 * 2 ** 20, '256MiB'),
    );
  bench
    .addOption(
      new Option('--data', 'reads pictures, beside Pillow on the same cores')
        .default(false)
        .conflicts([
          'model',
          'dataset',
          'augment',
          'health',
          'optimizers',
          'stream',
          'scale',
          'batchSize',
          'rounds',
          'turnSeconds',
        ]),
    )
    .option('--pngs <n>', 'PNGs of 28 x 28 of --data', integer('--pngs', { min: 0, max: 1_000_000 }), 10_000)
    .option('--jpegs <n>', 'JPEGs of 640 x 480 of --data', integer('--jpegs', { min: 0, max: 100_000 }), 2000);
  addAdapterOptions(bench)
    .addOption(new Option('--json <file>', 'write all figures as one JSON object').argParser(outputFile('--json')))
    .action((options: Chosen, command: Command) => {
      for (const [name, other, flag] of refinements) {
        if (options[other] || command.getOptionValueSource(name) !== 'cli') continue;
        throw new ConfigurationError({
          what: `${flag} does nothing without --${other}`,
          found: `${flag} alone`,
          fix: `add --${other}, or leave ${flag} out`,
        });
      }
      if (options.browsers) return benchBrowsers(options);
      if (options.scale) return benchScale(options);
      if (options.data) return benchReading(options);
      return options.stream ? benchStreaming(options) : benchPeers(options);
    });
}
