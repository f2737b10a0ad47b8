/**
 * wgrad: convolutional networks trained on hand-written WGSL, with the gradient norm of every layer in view.
 *
 * @module
 */
export { loadTrainer, type ModelSource } from './api/load_trainer.ts';
export { deleteModel, listModels } from './api/model_store.ts';
export { createTrainer, type SaveOptions, type SaveTarget, type Trainer } from './api/trainer.ts';
export { type Augmenter, type AugmenterOptions, createAugmenter } from './augment/augmenter.ts';
export type { DrawOf } from './augment/augmenter_checks.ts';
export { type AugmentationFacts, describeAugmentation } from './augment/describe.ts';
export type { ImageDataGeneratorConfig } from './augment/generator_options.ts';
export type { FeatureStatistics } from './augment/image_data_generator.ts';
export type {
  AugMixOptions,
  AutoAugmentOptions,
  ColorJitterOptions,
  CutoutOptions,
  ElasticTransformOptions,
  ErasedValue,
  GaussianBlurOptions,
  GaussianNoiseOpOptions,
  GridMaskOptions,
  MixOptions,
  NumberOrRange,
  OpConfig,
  OpConfigOf,
  OpOptions,
  OpOptionsByType,
  OpType,
  ProbabilityOptions,
  RandAugmentOptions,
  RandomAdjustSharpnessOptions,
  RandomAffineOptions,
  RandomChannelDropOptions,
  RandomCropOptions,
  RandomErasingOptions,
  RandomGammaOptions,
  RandomPerspectiveOptions,
  RandomPosterizeOptions,
  RandomResizedCropOptions,
  RandomRotate90Options,
  RandomRotationOptions,
  RandomSolarizeOptions,
  SaltAndPepperOptions,
  SamplingOptions,
  TrivialAugmentWideOptions,
} from './augment/op_options.ts';
export type {
  ImageDataGeneratorParameters,
  Matrix,
  OpParameters,
  PartnerParameters,
  PipelineParameters,
  SampleParameters,
} from './augment/parameters.ts';
export type { AugmentationConfig } from './augment/pipeline.ts';
export { type Sheet, type SheetOptions, type SingleAugmentation, takeApart } from './augment/sheet.ts';
export { type Estimate, estimate, holm, type PairedTest, pairedTest, type Scale } from './compare/comparison.ts';
export { paragraphOf, type Subject } from './compare/comparison_paragraph.ts';
export { type Comparison, comparePairs, type FigureId, type Row } from './compare/comparison_rows.ts';
export type { PairOptions, PairState, TwinActivations } from './compare/pair_options.ts';
export type { TwinOptions } from './compare/twin_options.ts';
export type { LayerEpoch, NoiseFigures, PairRecord, Timeline, TwinEpoch, TwinRecord } from './compare/twin_record.ts';
export { trainPair } from './compare/twins.ts';
export { type Variable, variables } from './compare/variables.ts';
export {
  type Cleaned,
  type Cleaning,
  cifar10Names,
  cleanDatasets,
  createDataset,
  createDatasets,
  type Dataset,
  type DatasetFiles,
  type DatasetFromOptions,
  type DatasetItem,
  type DatasetParts,
  type DatasetSource,
  datasetFrom,
  describeIgnored,
  describeReading,
  digitNames,
  type EncodedPicture,
  type FileBytes,
  type Finding,
  fashionMnistNames,
  findings,
  fingerprint,
  formatCifar10,
  holdOut,
  type IdxArray,
  type IdxDatasetFiles,
  type IgnoredFile,
  type ImageShape,
  type Inspection,
  inspectDatasets,
  type Labels,
  type Part,
  type PartInspection,
  type PictureFit,
  type PictureOptions,
  type PictureSize,
  type PictureSourceOptions,
  type PlacedFile,
  parseCifar10,
  parseCifar10Parts,
  parseDigits,
  parseIdx,
  parseIdxDataset,
  parseIdxParts,
  pictureSource,
  type ReadDataset,
  type ReadingOptions,
  type ReadingReport,
  readDataset,
  readUserFiles,
  type SameImages,
  type Split,
  type SplitReport,
  type StreamedDatasetParts,
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
  type ErrorParts,
  SetupError,
  ShaderError,
  TrainingError,
  WgradError,
} from './errors.ts';
export { type ChromeTrace, chromeTrace, type TraceEvent } from './formats/chrome_trace.ts';
export { formatRun, parseRun, type SavedRun } from './formats/run_file.ts';
export { describeAdapter } from './gpu/adapter.ts';
export {
  type AdapterFacts,
  type Gpu,
  type GpuOptions,
  openGpu,
  type SubgroupMatrixTrait,
  type Traits,
} from './gpu/device.ts';
export type { Variant as KernelVariant } from './gpu/kernel.ts';
export type { DispatchProfile, StepProfile } from './gpu/profile.ts';
export { type Ceilings, rooflineShare } from './gpu/roofline.ts';
export type { KernelVariants } from './gpu/variants.ts';
export { firstRemedy } from './health/first_remedy.ts';
export type {
  CauseType,
  Change,
  HealthLevel,
  HealthRecord,
  LayerChange,
  LayerHealth,
  Pass,
  ProbeFigures,
  ProbeRecord,
  Remedy,
  RunVerdict,
  RunVerdictName,
  TensorHealth,
  Verdict,
  VerdictName,
} from './health/health.ts';
export {
  type Columns as LayerColumns,
  type HealthTable,
  healthTable,
  type LayerFigures,
} from './health/health_table.ts';
export type { EpochRecord, History, Spread, StepRecord, StoppedEarly } from './health/history.ts';
export type { WatchState } from './health/verdicts.ts';
export type { ImageSource, ImagesUsed, ImageUse, PictureLevels } from './image_source.ts';
export type { ActivationName, ElementwiseName } from './model/activations.ts';
export {
  type ResidualBlockOptions,
  residualBlock,
  type SeparableBlockOptions,
  separableBlock,
} from './model/blocks.ts';
export type { Border as BorderSize } from './model/border.ts';
export { classesOption, withClasses } from './model/classes.ts';
export { describeModels, type LayerFacts, type ModelFacts, type TypeFacts } from './model/describe.ts';
export { freezeLayers } from './model/freeze.ts';
export {
  type CompiledLayer,
  type CompiledModel,
  layerNames,
  type Model,
  type ModelTensor,
  sequential,
} from './model/graph.ts';
export type {
  ConstantInitializerOptions,
  InitializerOptions,
  InitializerOptionsByType,
  OrthogonalOptions,
  RandomNormalOptions,
  RandomUniformOptions,
} from './model/initializer_options.ts';
export type { LayerInputs, Padding, Size as WindowSize } from './model/layer.ts';
export {
  activation,
  add,
  average,
  averagePooling2d,
  batchNormalization,
  concatenate,
  conv2d,
  conv2dTranspose,
  cropping2d,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  gaussianNoise,
  globalAveragePooling2d,
  globalMaxPooling2d,
  groupNormalization,
  layerNormalization,
  maximum,
  maxPooling2d,
  multiply,
  reshape,
  separableConv2d,
  spatialDropout2d,
  upSampling2d,
  zeroPadding2d,
} from './model/layer_factories.ts';
export type { LayerConfig, LayerConfigOf, LayerType } from './model/layers/index.ts';
export type {
  ActivationOption,
  ActivationOptions,
  BatchNormalizationOptions,
  BiasOptions,
  ConcatenateOptions,
  Conv2dOptions,
  Conv2dTransposeOptions,
  Cropping2dOptions,
  DenseOptions,
  DepthwiseConv2dOptions,
  DropoutOptions,
  GaussianNoiseOptions,
  GlobalPoolingOptions,
  GroupNormalizationOptions,
  KernelOptions,
  LayerNormalizationOptions,
  LayerOptions,
  LayerOptionsByType,
  NormalizationOptions,
  PoolingOptions,
  ReshapeOptions,
  SeparableConv2dOptions,
  TrainableOptions,
  UpSampling2dOptions,
  WindowOptions,
  ZeroPadding2dOptions,
} from './model/layers/options.ts';
export type { LossConfig, LossType } from './model/loss.ts';
export type { LossConfigOf } from './model/losses/index.ts';
export type {
  BinaryCrossentropyOptions,
  ClassLossOptions,
  FocalCrossentropyOptions,
  HuberOptions,
  LossOptionsByType,
  NoLossOptions,
} from './model/losses/options.ts';
export type { MeasuredLayer } from './model/measured_layers.ts';
export type { MetricFigures } from './model/metrics/figures.ts';
export type { MetricConfig, MetricType } from './model/metrics/index.ts';
export type { MetricValue } from './model/metrics/metric_definition.ts';
export type {
  AveragedMetricOptions,
  MetricOptions,
  MetricOptionsByType,
  TopKOptions,
} from './model/metrics/options.ts';
export {
  adagrad,
  adam,
  adamax,
  adamW,
  lion,
  muon,
  nadam,
  type OptimizerConfig,
  rmsprop,
  sgd,
} from './model/optimizer.ts';
export type { OptimizerConfigOf, OptimizerType } from './model/optimizers/index.ts';
export type {
  AdagradOptions,
  AdamOptions,
  LionOptions,
  MuonOptions,
  NadamOptions,
  OptimizerOptions,
  RmspropOptions,
  SgdOptions,
} from './model/optimizers/options.ts';
export { aboutPreset, type PresetName, presetModel, presetNames } from './model/presets.ts';
export {
  constant,
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  type LearningRate,
  learningRateAt,
  oneCycle,
  piecewiseConstantDecay,
  polynomialDecay,
  type ScheduleConfig,
} from './model/schedule.ts';
export type { ScheduleConfigOf, ScheduleType } from './model/schedules/index.ts';
export type {
  ConstantOptions,
  CosineDecayOptions,
  CosineDecayRestartsOptions,
  DecayOptions,
  ExponentialDecayOptions,
  InitialRateOptions,
  InverseTimeDecayOptions,
  OneCycleOptions,
  PiecewiseConstantDecayOptions,
  PolynomialDecayOptions,
  ScheduleOptionsByType,
} from './model/schedules/options.ts';
export { classifierSummary, type LayerSummary, modelSummary } from './model/summary.ts';
export { tutorialAugmentation, tutorialModel } from './model/tutorial.ts';
export type { InitializerConfig, InitializerType, Penalties, RegularizerConfig } from './model/weight_options.ts';
export type { OptionFacts } from './options.ts';
export type { Mix } from './plan/mix.ts';
export type { Phase } from './plan/phases.ts';
export { type ComparisonConfig, type ComparisonFile, concluded } from './report/comparison_file.ts';
export { comparisonReport } from './report/report.ts';
export { type SelfTestCheck, type SelfTestOptions, type SelfTestReport, selfTest } from './selftest/self_test.ts';
export { applyChange, type Changeable } from './train/apply_change.ts';
export { handwritingAugmentation } from './train/augmentation_presets.ts';
export type { BatchOptions, BatchRecord } from './train/batch.ts';
export type { EarlyStoppingState } from './train/callbacks/early_stopping.ts';
export type { CallbackStates } from './train/callbacks/index.ts';
export type { EarlyStoppingConfig, ReduceLrOnPlateauConfig } from './train/callbacks/options.ts';
export type { ReduceLrOnPlateauState } from './train/callbacks/reduce_lr_on_plateau.ts';
export type { CheckpointEvery } from './train/checkpoint_every.ts';
export type { ClassProbability } from './train/class_probabilities.ts';
export { argmax, type Confusion, confusionOf, type Mistake } from './train/confusion.ts';
export { NonFiniteError } from './train/diagnosis.ts';
export type { Startup } from './train/engine.ts';
export type { EvaluateOptions, Evaluation } from './train/evaluate.ts';
export type { ExperimentChange, NormalizationChange } from './train/experiment_change.ts';
export type { FitOptions, Progress } from './train/fit_options.ts';
export type { FitSettings } from './train/fit_settings.ts';
export type { LearningRateCurve, LearningRateFinderOptions, LearningRatePoint } from './train/learning_rate_finder.ts';
export type { MonitorMode } from './train/monitor.ts';
export { createPace, type Pace } from './train/pace.ts';
export type { Picture, PicturePreparation } from './train/picture.ts';
export type { ImageList, Images, LayerOutput, PredictOptions } from './train/predict.ts';
export type { ProfileOptions, TrainingProfile } from './train/profile_step.ts';
export type { Predict, Queries } from './train/queries.ts';
export type {
  Saliency,
  SaliencyOptions,
  SampleLabel,
  SampleLayer,
  SampleStep,
  SampleTensor,
} from './train/sample_step.ts';
export type { ClassWeight } from './train/sample_weights.ts';
export type { Progress as SnapshotProgress, Snapshot, SnapshotHealth } from './train/snapshot.ts';
export type { TestTimeAugmentation } from './train/test_time_augmentation.ts';
export type { TrainerOptions } from './train/trainer_options.ts';
export { type TuneOptions, type TuneResult, tune } from './train/tune.ts';
export type { FailedVariant, TimedVariant, TunedKernel, Tuning } from './train/tuner.ts';
export type { WeightsOption, WhichWeights } from './train/which_weights.ts';
