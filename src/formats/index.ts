/**
 * wgrad/formats: import and export of models in the formats of other programs. Export takes `{ model, weights: await
 * trainer.getWeights() }`; import returns `model` for `createTrainer` and `weights` for `trainer.setWeights`.
 *
 * @module
 */
export { ConfigurationError, DataError, WgradError } from '../errors.ts';
export { exportModel, type ModelFormat, modelFormats } from './export_model.ts';
export { formatHtml } from './html.ts';
export { type ImportOptions, importModel } from './import_model.ts';
export { formatKeras } from './keras/keras_code.ts';
export { type ReadModel, readKerasModel } from './keras/read_keras.ts';
export { formatNpz } from './npz.ts';
export { formatOnnx, type OnnxInput, type OnnxOptions } from './onnx/onnx.ts';
export { formatPytorch } from './pytorch/pytorch.ts';
export { formatSafetensors, parseSafetensors } from './safetensors.ts';
export { formatTensorflow, type ImportedModel, parseTensorflow } from './tensorflow.ts';
export type { ModelFile, TrainedModel } from './trained_model.ts';
