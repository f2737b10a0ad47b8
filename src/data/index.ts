export { readBrought } from './brought.ts';
export { formatCifar10, parseCifar10, parseCifar10Parts } from './cifar.ts';
export { cifar10Names, digitNames, fashionMnistNames } from './class_names.ts';
export { type Cleaned, type Cleaning, cleanDatasets } from './clean.ts';
export {
  bytesAnImage,
  createDataset,
  createDatasets,
  type Dataset,
  type DatasetParts,
  type ImageShape,
  type Part,
  type TrainAndTest,
  type TrainAndTestParts,
  takeFirst,
} from './dataset.ts';
export { digitsTestCount, parseDigits } from './digits.ts';
export { type Finding, findings, type SameImages } from './findings.ts';
export { fingerprint } from './fingerprint.ts';
export { gunzip } from './gunzip.ts';
export { holdOut } from './held_out.ts';
export { type IdxArray, type IdxDatasetFiles, parseIdx, parseIdxDataset, parseIdxParts } from './idx.ts';
export { countClasses, type Inspection, inspectDatasets, type PartInspection } from './inspect.ts';
export { type DatasetName, datasetNames, isDatasetName } from './known.ts';
export { type PictureOptions, type Pictures, type PlacedFile, placePictures, readPictures } from './pictures.ts';
