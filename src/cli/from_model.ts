import type { Command } from 'commander';
import type { Dataset } from '../data/index.ts';
import { ConfigurationError } from '../errors.ts';
import type { SavedRun } from '../formats/run_file.ts';
import { withClasses } from '../model/classes.ts';
import { compileModel, type Model } from '../model/graph.ts';
import { checkImageShape } from '../plan/check_images.ts';
import { parsedFor } from '../plan/parsed_pipeline.ts';
import { readRunOrModel } from './given_model.ts';
import type { RunOptions } from './run_options.ts';
import { augmentationOf, outputsFor } from './trainer_settings.ts';

export interface FromOptions {
  /** Path of the run or model with the initial weights. */
  from?: string;
  /** Names of layers, or patterns, to freeze. */
  freeze?: string[];
}

/** The model given with `train --from`. */
export interface FromModel {
  run: SavedRun;
  /** The path as typed. */
  path: string;
}

/** Adds the options of `train` for transfer learning. */
export function addFromOptions(command: Command): Command {
  return command
    .option(
      '--from <run or model>',
      "start from the network and weights of a run written by --save, or of another program's model; if the classes differ, the last layer starts with new weights",
    )
    .option(
      '--freeze <layers>',
      'with --from or --model: layers that are not trained, as names separated by commas, where * matches any text (conv*)',
      (text) => text.split(',').map((name) => name.trim()),
    );
}

/**
 * Reads the model of --from, and adopts its options unless they were given: the model, the loss, and the augmentation, which also
 * determines how images are scaled.
 *
 * @param typed the names of the options that were given on the command line.
 * @throws ConfigurationError for options that contradict it.
 */
export async function readFrom<Options extends RunOptions & FromOptions>(
  options: Options,
  typed: readonly string[],
): Promise<{ from: FromModel; options: Options } | undefined> {
  const { from: path } = options;
  if (typed.includes('freeze') && typed.includes('resume')) {
    throw new ConfigurationError({
      what: '--freeze changes which layers are trained, so it cannot be used with --resume',
      found: `--freeze ${options.freeze?.join()} with --resume`,
      fix: 'omit --freeze, or start a new run with --from instead of --resume',
    });
  }
  if (path === undefined) return undefined;
  const other = ['resume', 'model'].find((name) => typed.includes(name));
  if (other !== undefined) {
    throw new ConfigurationError({
      what: `--from and --${other} both determine the network to train`,
      found: `--from ${path}, and --${other}`,
      fix: other === 'resume' ? 'omit --from: --resume continues the run itself' : 'leave one of them out',
    });
  }
  const run = await readRunOrModel(path);
  const { loss, augmentation } = run.options;
  return {
    from: { run, path },
    options: {
      ...options,
      model: run.options.model as unknown as Record<string, unknown>,
      ...(loss !== undefined && !typed.includes('loss') && { loss }),
      ...(!typed.includes('augment') && { augment: augmentation ?? {} }),
    },
  };
}

/**
 * The model that starts from another one's weights, with outputs for the classes of a data set.
 *
 * @throws ConfigurationError for images whose shape it does not accept.
 */
export function modelFrom({ run }: FromModel, options: RunOptions, dataset: Dataset): Model {
  const { model } = run.options;
  checkImageShape(
    dataset.imageShape,
    parsedFor(augmentationOf(options), dataset.imageShape),
    compileModel(model).inputShape,
  );
  return { ...model, layers: withClasses(model.layers, outputsFor(dataset)) };
}

/** A line about the weights that were taken from the model. */
export function fromLine(path: string, { transferred, fresh }: { transferred: string[]; fresh: string[] }): string {
  const begins = fresh.length > 0 ? `; new weights for ${fresh.join(', ')}` : '';
  return `from     ${path}: weights of ${transferred.join(', ') || 'no layer'}${begins}`;
}
