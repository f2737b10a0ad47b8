export { digitNames, fashionMnistNames } from './class_names.ts';
export {
  bytesAnImage,
  createDataset,
  type Dataset,
  type DatasetParts,
  type ImageShape,
  type TrainAndTest,
  takeFirst,
} from './dataset.ts';
export { digitsTestCount, parseDigits } from './digits.ts';
export { gunzip } from './gunzip.ts';
export { type IdxArray, type IdxDatasetFiles, parseIdx, parseIdxDataset } from './idx.ts';
