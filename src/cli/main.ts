import { Command, CommanderError } from 'commander';
import { ConfigurationError, WgradError } from '../errors.ts';
import { addAdapterOptions } from './adapter_options.ts';
import { trainWithRemedy, withRemedy } from './apply_remedy.ts';
import { compare } from './compare.ts';
import { addCompareOptions, type CompareOptions, checkCompareOptions, remedyOfA } from './compare_options.ts';
import { testCures } from './cures.ts';
import { addDataCommands } from './data.ts';
import { type DevOptions, dev } from './dev.ts';
import { addEvaluateCommand } from './evaluate.ts';
import { settleHost } from './hosts/choose_host.ts';
import { findLearningRate, type LearningRateFindOptions } from './lr_find.ts';
import { addModelCommands } from './model_files.ts';
import { description, version } from './package_facts.ts';
import { addPredictCommand } from './predict.ts';
import { addProfileCommand } from './profile_command.ts';
import { addWorkerCommand } from './queue/worker.ts';
import { addRunOptions, addSheetOptions, type RunOptions } from './run_options.ts';
import { addSelfTestCommand } from './self_test.ts';
import { type SheetCommandOptions, sheet } from './sheet.ts';
import { addSweepCommands } from './sweep/commands.ts';
import { type TrainCommandOptions, train } from './train.ts';
import { addTrainOptions } from './train_options.ts';
import { tuneCommand } from './tune.ts';
import { addTuningOptions } from './tune_run.ts';
import { integer, real } from './values.ts';

export { useRunningChrome } from './chrome.ts';

/**
 * Runs the command line, prints errors, and sets the exit code: 0 success, 1 the run failed, 2 invalid usage, 3 no usable GPU.
 *
 * @param addBench adds the command `bench`, which only a clone has.
 */
export async function main(argv: readonly string[], addBench = benchOfAClone): Promise<void> {
  // `wgrad train | head`: a reader that closes the pipe is not a failure.
  process.stdout.on('error', () => process.exit(0));
  const { log } = console;
  try {
    await program(argv, addBench).parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error, argv);
  } finally {
    console.log = log;
  }
}

function program(argv: readonly string[], addBench: (wgrad: Command) => void): Command {
  const wgrad = new Command('wgrad').description(description).version(version);
  // These settings come before the subcommands, which inherit them. Only `report` prints errors.
  wgrad
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError()
    .hook('preAction', (_, command) => {
      // With --json -, the standard output is only the JSON.
      if (command.opts().json === '-') console.log = console.error;
      return settleHost(command);
    });
  const training = wgrad.command('train');
  addTuningOptions(addTrainOptions(training))
    .description('train a network headless in Chrome')
    .action((options: TrainCommandOptions) =>
      (options.applyRemedy ? trainWithRemedy : train)(
        options,
        Object.keys(options).filter((name) => training.getOptionValueSource(name) === 'cli'),
      ),
    );
  const comparing = wgrad.command('compare');
  addCompareOptions(comparing)
    .description('train pairs of twins that differ in one variable and test whether their results differ')
    .action((options: CompareOptions) => {
      checkCompareOptions(options, (name) => comparing.getOptionValueSource(name) === 'cli');
      const typed = withoutQueue(typedAfter('compare', argv));
      if (options.cures === undefined) return compareTwins(options, typed);
      return testCures(options, typed, (name) => comparing.getOptionValueSource(name) === 'cli');
    });
  addProfileCommand(wgrad);
  const tuning = wgrad.command('tune');
  addTuningOptions(addRunOptions(tuning))
    .description("time every variant of a run's kernels on this GPU and store the fastest")
    .action((options: RunOptions) =>
      tuneCommand(tuning.getOptionValueSource('tuning') === 'cli' ? options : { ...options, tuning: 'full' }),
    );
  addTuningOptions(addRunOptions(wgrad.command('lr-find')))
    .description('sweep the learning rate from small to large and suggest one')
    .option('--from <x>', 'first learning rate', real('--from', { min: 0 }), 1e-6)
    .option('--to <x>', 'last learning rate', real('--to', { min: 0 }), 1)
    .option('--steps <n>', 'number of training steps', integer('--steps', { min: 20, max: 10_000 }), 100)
    .action((options: LearningRateFindOptions) => findLearningRate(options));
  addSheetOptions(wgrad.command('sheet'))
    .description('draw a contact sheet of augmented images')
    .action((options: SheetCommandOptions) => sheet(options));
  addSweepCommands(wgrad);
  addWorkerCommand(wgrad);
  addDataCommands(wgrad);
  addModelCommands(wgrad);
  addPredictCommand(wgrad);
  addEvaluateCommand(wgrad);
  addSelfTestCommand(wgrad);
  addAdapterOptions(
    wgrad
      .command('dev')
      .description('open the training page in Chrome')
      .option('--port <n>', 'port of the page', integer('--port', { min: 0, max: 65535 }), 5173)
      .option('--no-open', 'serve the page without opening it'),
  ).action((options: DevOptions) => dev(options));
  addBench(wgrad);
  return wgrad;
}

/** Compares twins, after a first run if B is the remedy of A's verdict. */
async function compareTwins(options: CompareOptions, typed: readonly string[]): Promise<void> {
  const twins = options.b === remedyOfA ? await withRemedy(options) : options;
  if (twins) await compare(twins, typed);
}

/** The arguments without those of the queue: its URL may contain a password, and the figures do not depend on it. */
const withoutQueue = (words: readonly string[]) =>
  words.filter((word, i) => !/^--queue(=|$)/.test(word) && (words[i - 1] !== '--queue' || word.startsWith('-')));

/** The arguments typed after a command's name, without those added by the scripts of package.json. */
const typedAfter = (command: string, argv: readonly string[]) =>
  argv.slice(argv.indexOf(command, 2) + 1).filter((argument) => argument !== '--yes');

/** The package has no benchmark, because the libraries that wgrad is compared with are development dependencies. */
function benchOfAClone(wgrad: Command): void {
  wgrad
    .command('bench')
    .description('benchmark wgrad against TensorFlow.js and jax-js (in a clone of the project)')
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => {
      throw new ConfigurationError({
        what: 'The package cannot run the benchmark: TensorFlow.js and jax-js are only in a clone of the project',
        found: 'no test/bench next to this command',
        fix: 'in a clone, type: npm install && npm run bench',
      });
    });
}

function report(error: unknown, argv: readonly string[]): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') return 2;
    return report(badUse(error, argv), argv);
  }
  if (isWgradError(error)) {
    console.error(`error: ${error.message}`);
    return error.exitCode;
  }
  console.error('error: this should not happen; please report it.');
  console.error(error);
  return 1;
}

/** Also recognizes errors of the library's files, which `profile --plan` loads: their classes are not those of this bundle. */
const isWgradError = (error: unknown): error is WgradError =>
  error instanceof WgradError || (error instanceof Error && 'parts' in error && 'exitCode' in error);

/** Commander's message in the form of wgrad's errors. */
function badUse({ message, code }: CommanderError, argv: readonly string[]): ConfigurationError {
  const [what, suggestion] = message.replace(/^error: /, '').split('\n');
  const isCommand = argv[2] && !/^-|^help$/.test(argv[2]) && code !== 'commander.unknownCommand';
  return new ConfigurationError({
    what: what![0]!.toUpperCase() + what!.slice(1).replace(/\.$/, ''),
    fix: suggestion
      ? suggestion.replace(/^\(D(.*)\)$/, 'd$1')
      : code === 'commander.conflictingOption'
        ? 'leave one of them out'
        : `run wgrad ${isCommand ? `${argv[2]} ` : ''}--help to see the options`,
  });
}
