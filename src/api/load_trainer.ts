import type { Gpu } from '../gpu/device.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import type { Trainer } from './trainer.ts';

/**
 * Where a model is: a file or its bytes, a URL, `'indexeddb://name'` for one that `save` has kept, or the files of a TensorFlow.js
 * model, model.json and its weights.
 */
export type ModelSource = Blob | ArrayBuffer | Uint8Array | FileSystemFileHandle | URL | string | readonly File[];

/**
 * Opens a model that `trainer.save()`, the command or the page has saved, or one of another program: safetensors, TensorFlow.js,
 * Keras' JSON and the other formats of `importModel`. A run of wgrad resumes training to the same bits, with its class names and
 * its preparation of pictures.
 *
 * @param options replace those that it was saved with. With another `model` or `optimizer` nothing is resumed: layers take the weights
 *   of those with their names and shapes, others begin with new ones, and so does the optimizer.
 * @throws DataError for a file that is none of these, with what it seems to be, or that is damaged; ConfigurationError for options
 *   that createTrainer refuses.
 */
export async function loadTrainer(
  gpu: Gpu,
  from: ModelSource,
  options: Partial<TrainerOptions> = {},
): Promise<Trainer> {
  // Loaded on demand: it reads every format.
  const { openModel } = await import('./open_model.ts');
  return openModel(gpu, from, options);
}
