import type { FileFormat } from './file_formats.ts';
import type { FileBytes } from './identify.ts';
import type { PictureFolders } from './picture_folders.ts';

/** A picture to be decoded. */
export interface PictureFile {
  path: string;
  file: FileBytes;
  format: Pick<FileFormat, 'name' | 'isWide'>;
}

/** Pictures whose classes or numbers are known, from any source. This is the input of a picture reader. */
export interface LabeledPictures extends PictureFolders {
  files: readonly PictureFile[];
  /** Order of the classes, if the files define one. Default: sorted by name. */
  classNames?: readonly string[];
  /** Numeric targets instead of classes. */
  targets?: PictureTargets;
  /** Decisions that were made while reading, for the report. */
  notes: readonly string[];
  /** Description of the other files, for messages. */
  others?: string;
  format: 'pictures' | 'Parquet';
}

export interface PictureTargets {
  /** Names of the target values. */
  names: string[];
  /** Numbers of each picture, by path. */
  of: ReadonlyMap<string, readonly number[]>;
}
