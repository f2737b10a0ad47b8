import { existsSync, readFileSync } from 'node:fs';
import { type CureList, parseCures, requireTrainable, type SickNetwork, treat, untreated } from '../compare/cures.ts';
import { knownCures } from '../compare/known_cures.ts';
import { type Dataset, fingerprint, type TrainAndTest, takeFirst } from '../data/index.ts';
import { ConfigurationError, suggest } from '../errors.ts';
import { chanceLevel } from '../health/chance.ts';
import type { TrainerOptions } from '../index.ts';
import { defaultLoss, fillLoss } from '../model/loss.ts';
import { fillOptimizer } from '../model/optimizer.ts';
import { type PresetName, presetModel } from '../model/presets.ts';
import { tutorialBatchSize, tutorialEpochs } from '../model/tutorial.ts';
import type { CuresFile, NetworkConfig } from '../report/cures_file.ts';
import { applyChange } from '../train/apply_change.ts';
import { augmentationPresets } from '../train/augmentation_presets.ts';
import type { CompareOptions } from './compare_options.ts';
import { placeOf } from './queue/dataset_below.ts';
import { readCleaned } from './run.ts';
import { checkSamples } from './trainer_settings.ts';
import { parseJson } from './values.ts';

/** A network with or without a cure, ready to be trained with any seed. */
export interface CureExperiment {
  network: NetworkConfig;
  cure: string;
  options: TrainerOptions;
  datasets: TrainAndTest;
  /** The loss at chance level, which differs if the cure smooths the labels. */
  chance: number | undefined;
}

/** The list given with --cures, or the known one, limited to the networks given with --networks. */
export function readCures({ cures, networks: names }: Pick<CompareOptions, 'cures' | 'networks'>): CureList {
  const list = listOf(cures!);
  if (!names) return list;
  const known = list.networks.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return { ...list, networks: list.networks.filter(({ name }) => names.includes(name)) };
  throw new ConfigurationError({
    what: '--networks has a name that is not in the list of cures',
    found: unknown,
    expected: known.join(', '),
    fix: suggest(unknown, known),
  });
}

function listOf(cures: string | true): CureList {
  if (cures === true) return knownCures;
  if (existsSync(cures)) return parseCures(parseJson('--cures', cures, readFileSync(cures, 'utf8'), false), cures);
  throw new ConfigurationError({
    what: '--cures names a file that does not exist',
    found: cures,
    expected: 'a JSON file with networks and cures, or no value for the built-in ones',
  });
}

/**
 * All networks and cures of a list, checked as far as possible without a GPU; in training order.
 *
 * @param isTyped whether an option was given: the networks' own values take precedence over the defaults of --dataset and
 *   --batch-size.
 */
export async function cureExperiments(
  { networks, cures }: CureList,
  options: CompareOptions,
  isTyped: (name: string) => boolean,
): Promise<Pick<CuresFile, 'config' | 'leftOut'> & { experiments: CureExperiment[] }> {
  const experiments: CureExperiment[] = [];
  const leftOut: CuresFile['leftOut'] = [];
  const configs: NetworkConfig[] = [];
  const whole = new Map<string, TrainAndTest>();
  for (const network of networks) {
    const dataset = isTyped('dataset') ? options.dataset : (network.dataset ?? options.dataset);
    if (!whole.has(dataset))
      whole.set(dataset, (await readCleaned({ ...options, dataset: placeOf(options, dataset) })).datasets);
    const length = {
      trainSamples: options.trainSamples ?? network.trainSamples,
      testSamples: options.testSamples ?? network.testSamples,
    };
    const datasets = firstOf(whole.get(dataset)!, dataset, length);
    const plain = within(network.name, () => {
      const made = experimentOf(network, datasets.train, isTyped('batchSize') ? options.batchSize : undefined);
      requireTrainable(made, datasets);
      return made;
    });
    const config = await configOf(network, plain, { dataset, datasets, epochs: options.epochs ?? network.epochs });
    configs.push(config);
    const add = (cure: string, made: TrainerOptions) =>
      experiments.push({
        ...{ network: config, cure, options: made, datasets },
        chance: chanceOf(made, datasets.train)?.loss,
      });
    add(untreated, plain);
    for (const cure of cures) {
      const treated = treat(plain, cure, datasets);
      if ('leftOut' in treated) leftOut.push({ network: network.name, cure: cure.name, why: treated.leftOut });
      else add(cure.name, treated.options);
    }
  }
  return { config: { networks: configs, cures }, leftOut, experiments };
}

function firstOf(
  { train, test }: TrainAndTest,
  dataset: string,
  asked: { trainSamples: number | undefined; testSamples: number | undefined },
): TrainAndTest {
  const { trainSamples = train.count, testSamples = test.count } = asked;
  checkSamples({ dataset, trainSamples, testSamples }, { train, test });
  return { train: takeFirst(train, trainSamples), test: takeFirst(test, testSamples) };
}

function experimentOf(network: SickNetwork, { imageShape, classNames }: Dataset, batchSize?: number): TrainerOptions {
  const { model, change, optimizer } = network;
  const experiment: TrainerOptions = {
    model: typeof model === 'string' ? presetModel(model as PresetName, imageShape, classNames.length) : model,
    optimizer: fillOptimizer(optimizer),
    augmentation: augmentationPresets.none,
    batchSize: batchSize ?? network.batchSize ?? tutorialBatchSize,
    loss: defaultLoss,
    health: 'norms',
  };
  return change ? applyChange(experiment, change) : experiment;
}

async function configOf(
  { name, words }: SickNetwork,
  untreated: TrainerOptions,
  { dataset, datasets, epochs = tutorialEpochs }: { dataset: string; datasets: TrainAndTest; epochs?: number },
): Promise<NetworkConfig> {
  const { train, test } = datasets;
  const chance = chanceOf(untreated, train);
  if (!chance || test.count === 0) {
    throw new ConfigurationError({
      what: 'Cures are tested on a data set with classes, and with images for validation',
      found: `${dataset}: ${train.classNames.length} classes, ${test.count} images for validation`,
    });
  }
  return {
    ...{ name, words, dataset, trainSamples: train.count, testSamples: test.count, data: await fingerprint(datasets) },
    ...{ epochs, epochSteps: Math.ceil(train.count / untreated.batchSize!), chance },
    untreated: { ...untreated },
  };
}

const chanceOf = ({ loss = defaultLoss }: TrainerOptions, { labels, classNames }: Dataset) =>
  chanceLevel(fillLoss(loss), labels, classNames.length);

/** Adds the network's name to an error. */
function within<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError({ ...error.parts, what: `${name}: ${error.parts.what}` }, { cause: error });
  }
}
