import type { IdentifiedFile } from '../identify.ts';
import { classNamesOf, placePictures } from '../picture_folders.ts';
import type { UserDataset } from '../reading_report.ts';
import type { PictureReader, UserFilesOptions } from '../user_files.ts';

/** A format of data sets: which of a user's files are one of it, and how they are read. */
export interface DataFormat {
  /** How an error lists it among what can be read. */
  readable: string;
  /**
   * The files that make a data set of this format.
   *
   * @returns undefined where there are none, or where they are not the data set, as with a CSV file beside pictures in folders.
   * @throws DataError where the files are meant to be of this format and are not.
   */
  claim(files: readonly IdentifiedFile[], context: ReadingContext): Promise<Claim | undefined>;
}

export interface Claim {
  /** What is read; all other files are reported as ignored. */
  files: readonly IdentifiedFile[];
  read(): Promise<UserDataset>;
}

/** What a format needs besides the files. */
export interface ReadingContext {
  options: UserFilesOptions;
  /** Decodes pictures. */
  readPictures: PictureReader;
  /** Names the files that are not among these, for errors. */
  describeOthers(files: readonly IdentifiedFile[]): string | undefined;
}

export const ofKind = (files: readonly IdentifiedFile[], kind: IdentifiedFile['format']['kind']) =>
  files.filter(({ format }) => format.kind === kind);

/** Whether there are pictures in folders of at least two classes: other files next to these are then not a data set. */
export function havePictureClasses(files: readonly IdentifiedFile[]): boolean {
  const pictures = ofKind(files, 'picture');
  if (pictures.length === 0) return false;
  const { placed } = placePictures(pictures.map(({ path }) => path));
  return classNamesOf(placed).length > 1;
}
