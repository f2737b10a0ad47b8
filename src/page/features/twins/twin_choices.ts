import { computed, effect, signal } from '@preact/signals';
import type { ErrorParts } from '../../../errors.ts';
import { classifierSummary, describeModels, type Variable } from '../../../index.ts';
import { outputsOf } from '../../app/experiment.ts';
import { augmentationPresets, modelPresets } from '../../app/presets.ts';
import { adapter, dataset, model } from '../../app/state.ts';
import { training } from '../../app/worker_client.ts';

/** A value of a variable that twin B can have. */
export interface Choice {
  name: string;
  /** Why it does not work with the current images. */
  refused?: string;
}

/** Errors of the augmentation presets by name, which arrive moments after the images have changed. */
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

/** The choices for a variable; empty if it is a number. */
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

/** Checks each preset with the current images. */
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
