import type { IdentifiedFile } from '../identify.ts';
import { classNamesOf, placePictures } from '../picture_folders.ts';
import type { UserDataset } from '../reading_report.ts';
import type { PictureReader, UserFilesOptions } from '../user_files.ts';

/** A data set format: recognizes its files among the user's files and reads them. */
export interface DataFormat {
  /** How error messages list this format among those that can be read. */
  readable: string;
  /**
   * Selects the files that form a data set of this format.
   *
   * @returns undefined if there are none, or if they are not the data set itself, such as a CSV file next to folders of pictures.
   * @throws DataError if the files appear to have this format but are invalid.
   */
  claim(files: readonly IdentifiedFile[], context: ReadingContext): Promise<Claim | undefined>;
}

export interface Claim {
  /** The files to read; all others are reported as ignored. */
  files: readonly IdentifiedFile[];
  read(): Promise<UserDataset>;
}

/** Additional input for a format. */
export interface ReadingContext {
  options: UserFilesOptions;
  /** Decodes pictures. */
  readPictures: PictureReader;
  /** Names the files that are not in the given list, for error messages. */
  describeOthers(files: readonly IdentifiedFile[]): string | undefined;
}

export const ofKind = (files: readonly IdentifiedFile[], kind: IdentifiedFile['format']['kind']) =>
  files.filter(({ format }) => format.kind === kind);

/** Whether there are pictures in folders of at least two classes. Other files next to them are then not a data set. */
export function havePictureClasses(files: readonly IdentifiedFile[]): boolean {
  const pictures = ofKind(files, 'picture');
  if (pictures.length === 0) return false;
  const { placed } = placePictures(pictures.map(({ path }) => path));
  return classNamesOf(placed).length > 1;
}
