export type { EncodedPicture } from '../image_source.ts';
export type { PictureFit } from '../picture_fit.ts';
export { formatCifar10, parseCifar10, parseCifar10Parts } from './cifar.ts';
export { cifar10Names, digitNames, fashionMnistNames } from './class_names.ts';
export { type Cleaned, type Cleaning, cleanDatasets } from './clean.ts';
export {
  bytesAnImage,
  createDataset,
  createDatasets,
  type Dataset,
  type DatasetParts,
  type DatasetSource,
  type ImageShape,
  type Labels,
  type Part,
  type StreamedDatasetParts,
  type TrainAndTest,
  type TrainAndTestParts,
  takeFirst,
} from './dataset.ts';
export { type DatasetFromOptions, type DatasetItem, datasetFrom } from './dataset_from.ts';
export { digitsTestCount, parseDigits } from './digits.ts';
export { type Finding, findings, type SameImages } from './findings.ts';
export { fingerprint, fingerprintOf } from './fingerprint.ts';
export { readableFiles } from './formats/index.ts';
export { gunzip } from './gunzip.ts';
export { defaultValidationSplit, holdOut } from './held_out.ts';
export { type FileBytes, type IdentifiedFile, identifyFiles, type PlacedFile } from './identify.ts';
export { type IdxArray, type IdxDatasetFiles, parseIdx, parseIdxDataset, parseIdxParts } from './idx.ts';
export { countClasses, type Inspection, inspectDatasets, type PartInspection } from './inspect.ts';
export { type DatasetName, datasetNames, isDatasetName, type KnownDataset, knownDatasets } from './known.ts';
export { numberListFormats, parseNumberList } from './number_list.ts';
export type { PictureOptions } from './picture_sizes.ts';
export { type PictureSourceOptions, pictureSource } from './picture_source.ts';
export { type DatasetFiles, type ReadDataset, readDataset } from './read_dataset.ts';
export type { ReadingOptions } from './reading_options.ts';
export {
  describeIgnored,
  describeReading,
  type IgnoredFile,
  type PictureSize,
  type ReadingReport,
  type SplitReport,
  trainingParts,
  type UserDataset,
} from './reading_report.ts';
export type { Split } from './splits.ts';
export {
  type PictureReader,
  readFilesWith,
  readUserFiles,
  type UserFilesOptions,
} from './user_files.ts';
