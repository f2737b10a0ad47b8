import * as v from 'valibot';
import { integer, number, parse } from '../check.ts';
import type { Dataset } from '../data/dataset.ts';
import { ConfigurationError } from '../errors.ts';
import { activationNames } from '../model/activations.ts';
import type { Model } from '../model/graph.ts';
import { fillOptimizer, type OptimizerConfig } from '../model/optimizer.ts';
import { requireTrained } from '../model/require_trained.ts';
import { fillInitializer, type InitializerConfig } from '../model/weight_options.ts';
import { checkDataset } from '../plan/check_dataset.ts';
import { parsedFor } from '../plan/parsed_pipeline.ts';
import { applyChange } from '../train/apply_change.ts';
import type { ExperimentChange } from '../train/experiment_change.ts';
import { fillTrainerOptions } from '../train/fill_trainer_options.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';

/** A network that does not learn as it should, and its training options: plain JSON. */
export interface SickNetwork {
  name: string;
  words: string;
  /** Name of a preset, or a model. */
  model: string | Model;
  /** A change to be made to the model before it is trained. */
  change?: ExperimentChange;
  optimizer: OptimizerConfig;
  batchSize?: number;
  dataset?: string;
  trainSamples?: number;
  testSamples?: number;
  epochs?: number;
}

/** A change that is claimed to help and can be made to any network: plain JSON. */
export interface Cure {
  name: string;
  words: string;
  change: ExperimentChange;
}

export interface CureList {
  networks: SickNetwork[];
  cures: Cure[];
}

/** The name of the run without a cure, used in place of a cure's name. */
export const untreated = 'untreated';

const name = v.pipe(
  v.string('a name'),
  v.check((text) => text.trim() === text && text !== '' && text !== untreated, `a name other than "${untreated}"`),
);
const anything = v.optional(v.any());
const layers = v.optional(v.record(v.string(), v.any()));
const positive = () => v.optional(number(0, Infinity, 'open'));
const yes = v.optional(v.literal(true, 'true'));

const changeSchema = v.strictObject({
  layers,
  learningRateTimes: positive(),
  globalClipnorm: positive(),
  rescale: positive(),
  hidden: v.optional(
    v.strictObject({
      activation: v.optional(v.picklist(activationNames)),
      kernelInitializer: anything,
      filtersTimes: positive(),
    }),
  ),
  normalization: v.optional(
    v.looseObject({ type: v.picklist(['batchNormalization', 'layerNormalization', 'groupNormalization']) }),
  ),
  shortcuts: yes,
  optimizer: anything,
  clipnorm: positive(),
  clipvalue: positive(),
  warmupSteps: v.optional(integer(1)),
  augmentation: anything,
  standardize: yes,
  labelSmoothing: v.optional(number(0, 1)),
});

const networkSchema = v.strictObject({
  name,
  words: v.optional(v.string(), ''),
  model: v.union([v.string(), v.looseObject({})], "a preset's name or a model"),
  change: anything,
  optimizer: v.optional(v.any(), 'sgd'),
  batchSize: v.optional(integer(1)),
  dataset: v.optional(v.string()),
  trainSamples: v.optional(integer(1)),
  testSamples: v.optional(integer(1)),
  epochs: v.optional(integer(1)),
});

const cureSchema = v.strictObject({ name, words: v.optional(v.string(), ''), change: v.any() });
const listSchema = v.strictObject({ networks: v.array(v.any(), 'a list'), cures: v.array(v.any(), 'a list') });

/** @throws ConfigurationError with the invalid entry if this is not a list of networks and cures. */
export function parseCures(json: unknown, subject = 'The list of cures'): CureList {
  const { networks, cures } = parse(listSchema, json, subject);
  const list: CureList = {
    networks: networks.map((entry, i) => parseNetwork(entry, `Network ${i + 1}`)),
    cures: cures.map((entry, i) => {
      const cure = parse(cureSchema, entry, `Cure ${i + 1}`);
      return { ...cure, change: parseChange(cure.change, `Cure ${i + 1} (${cure.name})`) };
    }),
  };
  for (const [what, entries] of Object.entries(list) as [string, { name: string }[]][]) {
    if (entries.length === 0) throw new ConfigurationError({ what: `${subject} has no ${what}`, found: '[]' });
    const names = entries.map((entry) => entry.name);
    const twice = names.find((each, i) => names.indexOf(each) !== i);
    if (twice === undefined) continue;
    throw new ConfigurationError({ what: `Two ${what} have the same name`, found: twice, expected: 'one for each' });
  }
  return list;
}

function parseNetwork(entry: unknown, subject: string): SickNetwork {
  const network = parse(networkSchema, entry, subject);
  fillOptimizer(network.optimizer as OptimizerConfig);
  if (network.change !== undefined) parseChange(network.change, `${subject} (${network.name})`);
  return network as SickNetwork;
}

function parseChange(json: unknown, subject: string): ExperimentChange {
  const change = parse(changeSchema, json, `${subject}: its change`);
  if (change.hidden?.kernelInitializer !== undefined)
    fillInitializer(change.hidden.kernelInitializer as InitializerConfig, `${subject}: kernelInitializer`);
  if (change.optimizer !== undefined) fillOptimizer(change.optimizer as OptimizerConfig);
  if (Object.values(change).some((value) => value !== undefined)) return change as ExperimentChange;
  throw new ConfigurationError({
    what: `${subject} changes nothing`,
    found: '{}',
    expected: `one of ${Object.keys(changeSchema.entries).join(', ')}`,
  });
}

/** A treated experiment, or why the cure does not apply to it. */
export type Treated = { options: TrainerOptions } | { leftOut: string };

/** Applies a cure's change to an experiment, if possible. */
export function treat(options: TrainerOptions, { change }: Cure, datasets: Datasets): Treated {
  try {
    const changed = applyChange(options, change);
    requireTrainable(changed, datasets);
    if (JSON.stringify(changed) === JSON.stringify(options)) return { leftOut: 'the network has it already' };
    return { options: changed };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const { what, found } = error.parts;
    const shown = typeof found === 'string' ? found : JSON.stringify(found);
    return { leftOut: found === undefined ? what : `${what} (${shown})` };
  }
}

interface Datasets {
  train: Dataset;
  test: Dataset;
}

/** @throws ConfigurationError for invalid options, or data that doesn't fit them. */
export function requireTrainable(options: TrainerOptions, datasets: Datasets): void {
  const { model, outputs, loss, inputView } = fillTrainerOptions(options);
  requireTrained(model);
  for (const dataset of [datasets.train, datasets.test]) {
    const { inputShape } = model;
    checkDataset(dataset, parsedFor(inputView.augmentation, dataset.imageShape), { inputShape, outputs, loss });
  }
}
