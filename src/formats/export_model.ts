import { ConfigurationError, suggest } from '../errors.ts';
import { formatKeras } from './keras/keras_code.ts';
import { formatNpz } from './npz.ts';
import { formatOnnx, type OnnxOptions } from './onnx/onnx.ts';
import { formatPytorch } from './pytorch/pytorch.ts';
import { formatSafetensors } from './safetensors.ts';
import { formatTensorflow } from './tensorflow.ts';
import type { ModelFile, TrainedModel } from './trained_model.ts';

type Format = (trained: TrainedModel, options: OnnxOptions) => ModelFile[];

/** Formats by their names in the command. */
const formats = {
  onnx: (trained, options) => [{ name: 'model.onnx', bytes: formatOnnx(trained, options) }],
  tfjs: formatTensorflow,
  safetensors: (trained) => [{ name: 'model.safetensors', bytes: formatSafetensors(trained) }],
  npz: (trained) => [{ name: 'model.npz', bytes: formatNpz(trained) }],
  keras: formatKeras,
  pytorch: formatPytorch,
} satisfies Record<string, Format>;

/** A model format of another program: `'onnx'`, `'tfjs'`, `'safetensors'`, `'npz'`, `'keras'` or `'pytorch'`. */
export type ModelFormat = keyof typeof formats;
/** All formats that `exportModel` writes. */
export const modelFormats = Object.keys(formats) as ModelFormat[];

/**
 * Exports a model to the format of another program.
 *
 * @param options.input only for ONNX: whether the graph takes floats (the default) or bytes.
 * @returns one file, or several that belong in the same folder: those of tfjs, keras and pytorch.
 * @throws ConfigurationError for an unknown format, an option that the format doesn't have, a model that it can't express (with
 *   every affected layer, and the formats that can), and weights that don't belong to the model.
 */
export function exportModel(trained: TrainedModel, format: ModelFormat, options: OnnxOptions = {}): ModelFile[] {
  if (!Object.hasOwn(formats, format)) {
    throw new ConfigurationError({
      what: 'Unknown model format',
      found: format,
      expected: modelFormats.join(', '),
      fix: suggest(String(format), modelFormats),
    });
  }
  if (options.input !== undefined && format !== 'onnx') {
    throw new ConfigurationError({
      what: `input is an option of onnx, and ${format} has none`,
      found: options.input,
      fix: 'leave input out: this format takes floats',
    });
  }
  return formats[format](trained, options);
}
