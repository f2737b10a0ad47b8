import type { Pipeline } from '../augment/pipeline.ts';
import type { Dataset } from '../data/dataset.ts';
import { checkImages, type ModelFacts } from './input.ts';
import { checkLabels } from './targets.ts';

/** @throws ConfigurationError for images of another shape than the model takes, labels that do not fit its loss. */
export function checkDataset(dataset: Dataset, pipeline: Pipeline, model: ModelFacts): void {
  checkImages(dataset, pipeline, model);
  checkLabels(model, dataset);
}
