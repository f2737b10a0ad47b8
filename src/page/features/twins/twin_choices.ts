import { computed, effect, signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { classifierSummary, describeModels, type Variable } from '../../../index.ts';
import { outputsOf } from '../../app/experiment.ts';
import { augmentationPresets, modelPresets } from '../../app/presets.ts';
import { adapter, dataset, model } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';

/** What twin B can have of a variable. */
export interface Choice {
  name: string;
  /** What is wrong with it for the images that are chosen. */
  refused?: string;
}

/** What is wrong with augmentations, by their names; moments behind a change of the images. */
const refusedAugmentations = signal<Record<string, string>>({});

const models = computed((): Choice[] => {
  const shown = model.value;
  const { facts } = dataset.value;
  return Object.entries(modelPresets).map(([name, make]) => {
    if (!shown || !facts) return { name };
    try {
      classifierSummary(make(shown.inputShape, outputsOf(facts)));
      return { name };
    } catch (error) {
      return { name, refused: (error as Error).message };
    }
  });
});

/** By their names; empty where it is a number. */
export function choicesOf(vary: Variable): Choice[] {
  switch (vary) {
    case 'augmentation':
      return Object.keys(augmentationPresets).map((name) => ({ name, refused: refusedAugmentations.value[name] }));
    case 'model':
      return models.value;
    case 'optimizer':
      return describeModels().optimizers.map(({ type }) => ({ name: type }));
    case 'learning-rate':
      return [];
  }
}

/** Tries each preset on the images that are chosen. */
export function installTwinChoices(): void {
  effect(() => {
    const { facts } = dataset.value;
    if (!adapter.value || !facts) return;
    const { imageShape } = facts;
    const check = async ([name, config]: [string, (typeof augmentationPresets)[string]]) => {
      try {
        await training.augmentedShape(config, imageShape);
        return [];
      } catch (error) {
        return [[name, (error as ErrorParts).what] as const];
      }
    };
    Promise.all(Object.entries(augmentationPresets).map(check)).then((refused) => {
      if (dataset.peek().facts?.imageShape === imageShape)
        refusedAugmentations.value = Object.fromEntries(refused.flat());
    });
  });
}
