import type { DatasetParts, IdentifiedFile } from '../../data/index.ts';
import { readPictureFiles } from '../../data/pictures.ts';
import { DataError } from '../../errors.ts';
import type { PictureFile, PicturesRead, SentLabelTable, UserPictureOptions } from './protocol.ts';

/** Reads the pictures that the command serves, and gives it the images of each split. */
export async function readServedPictures(
  files: readonly PictureFile[],
  options: UserPictureOptions,
  others: string | undefined,
  table: SentLabelTable | undefined,
): Promise<PicturesRead> {
  const served = files.map(({ path, size, format }, i): IdentifiedFile => {
    const arrayBuffer = () => fetchPicture(i, path);
    const slice = (start: number, end: number) => ({
      arrayBuffer: async () => (await arrayBuffer()).slice(start, end),
    });
    return { path, format, file: { size, arrayBuffer, slice } };
  });
  const { train, validation, test, report } = await readPictureFiles(
    served,
    options,
    others,
    table && { ...table, of: new Map(table.of) },
  );
  const deliver = async (name: string, { images, targets, ...rest }: DatasetParts) => {
    await fetch(`images/${name}`, { method: 'POST', body: images as Uint8Array<ArrayBuffer> });
    return {
      ...rest,
      labels: Array.from(rest.labels),
      classNames: [...rest.classNames!],
      ...(targets && { targets: Array.from(targets) }),
    };
  };
  return {
    train: await deliver('train', train),
    test: await deliver('test', test),
    ...(validation && { validation: await deliver('validation', validation) }),
    report,
  };
}

async function fetchPicture(index: number, path: string): Promise<ArrayBuffer> {
  const response = await fetch(`pictures/${index}`);
  if (response.ok) return response.arrayBuffer();
  throw new DataError({ what: `The picture ${path} cannot be read`, found: await response.text() });
}
