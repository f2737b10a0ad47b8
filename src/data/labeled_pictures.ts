import type { FileFormat } from './file_formats.ts';
import type { FileBytes } from './identify.ts';
import type { PictureFolders } from './picture_folders.ts';

/** A picture that is to be decoded. */
export interface PictureFile {
  path: string;
  file: FileBytes;
  format: Pick<FileFormat, 'name'>;
}

/** Pictures whose classes or numbers are known, however they were found: what a picture reader decodes. */
export interface LabeledPictures extends PictureFolders {
  files: readonly PictureFile[];
  /** The order of the classes, where the files have one; else that of their names. */
  classNames?: readonly string[];
  /** Numbers in place of classes. */
  targets?: PictureTargets;
  /** Decisions on the way, for the report. */
  notes: readonly string[];
  /** What else there is among the files, for messages. */
  others?: string;
  format: 'pictures' | 'Parquet';
}

export interface PictureTargets {
  /** A name for each number. */
  names: string[];
  /** The numbers of a picture, by its path. */
  of: ReadonlyMap<string, readonly number[]>;
}
