import type { Gpu } from '../gpu/device.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import type { Trainer } from './trainer.ts';

/**
 * Where to load a model from: a file or its bytes, a URL, `'indexeddb://name'` for a model that `save` has stored, or the files of a
 * TensorFlow.js model (model.json and its weights).
 */
export type ModelSource = Blob | ArrayBuffer | Uint8Array | FileSystemFileHandle | URL | string | readonly File[];

/**
 * Loads a model that was saved by `trainer.save()`, the command or the page, or a model from another program: safetensors, TensorFlow.js,
 * Keras' JSON and the other formats of `importModel`. A saved wgrad run resumes training with bit-identical results, and keeps its class
 * names and image preprocessing.
 *
 * @param options options that replace the saved ones. With a different `model` or `optimizer`, training does not resume: layers get the
 *   weights of saved layers with the same name and shapes; other layers and the optimizer are newly initialized.
 * @throws DataError for a damaged file or an unknown format, with the format that it seems to have; ConfigurationError for options
 *   that createTrainer rejects.
 */
export async function loadTrainer(
  gpu: Gpu,
  from: ModelSource,
  options: Partial<TrainerOptions> = {},
): Promise<Trainer> {
  // Loaded on demand, because it contains the readers of all formats.
  const { openModel } = await import('./open_model.ts');
  return openModel(gpu, from, options);
}
