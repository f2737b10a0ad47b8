import { foundFolder, readDatasets } from '../../src/cli/datasets.ts';
import {
  createDataset,
  type Dataset,
  type DatasetName,
  knownDatasets,
  type TrainAndTest,
  takeFirst,
} from '../../src/data/index.ts';
import { count } from '../../src/figures.ts';
import { type Model, sequential } from '../../src/model/graph.ts';
import { type PresetName, presetModel } from '../../src/model/presets.ts';
import { tutorialModel } from '../../src/model/tutorial.ts';
import { product } from '../../src/product';

/** Selects network and images by the command's flags. */

/** Number of synthetic images if a data set is not on this machine. */
const syntheticImages = 10_000;

export interface BenchDatasets {
  datasets: TrainAndTest;
  /** Whether the images are synthetic, with the shape and classes of the data set. */
  synthetic: boolean;
}

/** A built-in data set. The speed does not depend on the images' content, so a missing one is replaced by noise. */
export async function benchDatasets(name: DatasetName): Promise<BenchDatasets> {
  // MNIST is downloaded if it is missing, as by every command.
  const there = name === 'mnist' || foundFolder(name) !== undefined;
  const { train, test } = there ? await readDatasets(name) : syntheticDatasets(name);
  return { datasets: { train, test: takeFirst(test, 1) }, synthetic: !there };
}

function syntheticDatasets(name: DatasetName): TrainAndTest {
  const { imageShape, classNames } = knownDatasets[name];
  const elements = product(imageShape);
  // A linear congruential generator (Numerical Recipes), which gives the same bytes each time.
  let state = 1;
  const images = Uint8Array.from({ length: syntheticImages * elements }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  const labels = Uint8Array.from({ length: syntheticImages }, (_, i) => i % classNames.length);
  const train = createDataset({ images, labels, imageShape, classNames });
  return { train, test: train };
}

/** @throws ConfigurationError if the model's layers do not fit together. */
export const benchModel = (model: string | Record<string, unknown>, { imageShape, classNames }: Dataset): Model =>
  sequential(
    typeof model === 'string'
      ? presetModel(model as PresetName, imageShape, classNames.length)
      : (model as unknown as Model),
  );

export const isTutorial = (model: Model): boolean => JSON.stringify(model) === JSON.stringify(tutorialModel());

export const jaxLine =
  "jax-js   left out: it has no layers, so its network is written by hand, and that is the tutorial's alone";

export function trainedLine(
  { model, dataset }: { model: string | Record<string, unknown>; dataset: DatasetName },
  { imageShape, count: images }: Dataset,
  synthetic: boolean,
): string {
  const network = typeof model === 'string' ? model : 'a model from JSON';
  const shown = synthetic ? `${dataset} is not on this machine: ${count(images)} synthetic images` : dataset;
  return `trained  ${network} on ${shown} of ${imageShape.join(' x ')}`;
}
