import type { Pipeline } from '../augment/pipeline.ts';
import type { Dataset } from '../data/dataset.ts';
import { checkImages } from './check_images.ts';
import type { ModelFacts } from './labels.ts';
import { checkLabels } from './targets.ts';

/** @throws ConfigurationError if the images don't have the model's input shape, or the labels don't fit its loss. */
export function checkDataset(dataset: Dataset, pipeline: Pipeline, model: ModelFacts): void {
  checkImages(dataset, pipeline, model);
  checkLabels(model, dataset);
}
