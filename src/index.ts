/**
 * wgrad: convolutional networks trained on hand-written WGSL, with the gradient norm of every layer in view.
 *
 * @module
 */
export { type Augmenter, createAugmenter } from './augment/augmenter.ts';
export { type AugmentationFacts, describeAugmentation } from './augment/describe.ts';
export type { FeatureStatistics } from './augment/image_data_generator.ts';
export type {
  ImageDataGeneratorParameters,
  OpParameters,
  PipelineParameters,
  SampleParameters,
} from './augment/parameters.ts';
export type { AugmentationConfig, OpConfig } from './augment/pipeline.ts';
export { type Sheet, type SheetOptions, type SingleAugmentation, takeApart } from './augment/sheet.ts';
export {
  type Cleaned,
  type Cleaning,
  cifar10Names,
  cleanDatasets,
  createDataset,
  createDatasets,
  type Dataset,
  type DatasetParts,
  describeIgnored,
  describeReading,
  digitNames,
  type FileBytes,
  type Finding,
  fashionMnistNames,
  findings,
  fingerprint,
  formatCifar10,
  holdOut,
  type IgnoredFile,
  type Inspection,
  inspectDatasets,
  type PartInspection,
  type PictureFit,
  type PictureOptions,
  type PictureSize,
  type PlacedFile,
  parseCifar10,
  parseCifar10Parts,
  parseDigits,
  parseIdx,
  parseIdxDataset,
  parseIdxParts,
  type ReadingReport,
  readUserFiles,
  type SameImages,
  type Split,
  type SplitReport,
  type TrainAndTest,
  type TrainAndTestParts,
  takeFirst,
  trainingParts,
  type UserDataset,
  type UserFilesOptions,
} from './data/index.ts';
export {
  ConfigurationError,
  DataError,
  DeviceLostError,
  SetupError,
  ShaderError,
  TrainingError,
  WgradError,
} from './errors.ts';
export { describeAdapter } from './gpu/adapter.ts';
export { type AdapterFacts, type Gpu, type GpuOptions, openGpu, type Traits } from './gpu/device.ts';
export type { DispatchProfile, StepProfile } from './gpu/profile.ts';
export type { OptionFacts } from './options.ts';
export { type ComparisonConfig, type ComparisonFile, concluded } from './report/comparison_file.ts';
export { comparisonReport } from './report/report.ts';
export { handwritingAugmentation } from './train/augmentation_presets.ts';
export { type ChromeTrace, chromeTrace, type TraceEvent } from './train/chrome_trace.ts';
export { type Estimate, estimate, holm, type PairedTest, pairedTest, type Scale } from './train/comparison.ts';
export { paragraphOf, type Subject } from './train/comparison_paragraph.ts';
export { type Comparison, comparePairs, type Row } from './train/comparison_rows.ts';
export { type Confusion, confusionOf, likeliest, type Mistake } from './train/confusion.ts';
export { describeModels, type ModelFacts } from './train/describe.ts';
export { NonFiniteError } from './train/diagnosis.ts';
export type { Phase, Startup } from './train/engine.ts';
export type { Evaluation } from './train/evaluate.ts';
export type {
  HealthLevel,
  HealthRecord,
  LayerHealth,
  Pass,
  ProbeFigures,
  ProbeRecord,
  TensorHealth,
  Verdict,
  VerdictName,
} from './train/health.ts';
export { type HealthTable, healthTable, type LayerFigures } from './train/health_table.ts';
export type { EpochRecord, History, Spread, StepRecord } from './train/history.ts';
export { conv2d, dense, flatten, type LayerConfig, maxPooling2d } from './train/layers.ts';
export { layerNames, type Model, sequential } from './train/model.ts';
export { adam, type OptimizerConfig, sgd } from './train/optimizers.ts';
export { createPace, type Pace } from './train/pace.ts';
export type { Images, LayerOutput } from './train/predict.ts';
export { aboutPreset, type PresetName, presetModel, presetNames } from './train/presets.ts';
export type { TrainingProfile } from './train/profile_step.ts';
export { formatRun, parseRun, type SavedRun } from './train/run_file.ts';
export type { Snapshot } from './train/snapshot.ts';
export { classifierSummary, type LayerSummary, modelSummary } from './train/summary.ts';
export { createTrainer, type Trainer } from './train/trainer.ts';
export type { FitOptions, Progress, TrainerOptions } from './train/trainer_options.ts';
export { tutorialAugmentation, tutorialModel } from './train/tutorial.ts';
export { type TwinOptions, type Variable, variables } from './train/twin_options.ts';
export type { LayerEpoch, PairRecord, Timeline, TwinEpoch, TwinRecord } from './train/twin_record.ts';
export { type PairOptions, trainPair } from './train/twins.ts';
export type { InitializerConfig, RegularizerConfig } from './train/weight_options.ts';
