import type { Gpu } from '../gpu/device.ts';
import type { TrainerOptions } from '../train/trainer_options.ts';
import type { Trainer } from './trainer.ts';

/**
 * Location of a model: a file or its bytes, a URL, `'indexeddb://name'` for one that `save` stored, or the files of a TensorFlow.js
 * model (model.json and its weights).
 */
export type ModelSource = Blob | ArrayBuffer | Uint8Array | FileSystemFileHandle | URL | string | readonly File[];

/**
 * Loads a model saved by `trainer.save()`, the command or the page, or one from another program: safetensors, TensorFlow.js, Keras'
 * JSON and the other formats of `importModel`. A saved run of wgrad resumes training to the same bits, with its class names and its
 * preparation of pictures.
 *
 * @param options replace the saved options. With a different `model` or `optimizer`, training does not resume: layers take the
 *   weights of saved layers with the same name and shapes, other layers and the optimizer start fresh.
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
