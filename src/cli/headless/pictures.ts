import type { DatasetParts } from '../../data/index.ts';
import type { PictureFile } from '../../data/labeled_pictures.ts';
import { readPictureFiles } from '../../data/pictures.ts';
import { DataError } from '../../errors.ts';
import { picturesOf } from '../../image_source.ts';
import type { PicturesRead, SentPictures, UserPictureOptions } from './protocol.ts';

/** Milliseconds between two reports of the reading progress. */
const betweenReports = 100;

/** Reads the pictures that the command serves, and sends the images of each split back. */
export async function readServedPictures(
  { files, targets, ...pictures }: SentPictures,
  options: UserPictureOptions,
): Promise<PicturesRead> {
  const served = files.map(({ path, size, format }, i): PictureFile => {
    const arrayBuffer = () => fetchPicture(i, path);
    const slice = (start: number, end: number) => ({
      arrayBuffer: async () => (await arrayBuffer()).slice(start, end),
    });
    return { path, format, file: { size, arrayBuffer, slice } };
  });
  let told = 0;
  const { train, validation, test, report } = await readPictureFiles(
    { ...pictures, files: served, ...(targets && { targets: { ...targets, of: new Map(targets.of) } }) },
    {
      ...options,
      onProgress: (done, total) => {
        const now = performance.now();
        if (now - told < betweenReports) return;
        told = now;
        window.wgradReading(done, total);
      },
    },
  );
  const indexOf = new Map(files.map(({ path }, i) => [path, i]));
  const deliver = async (name: string, { images, source, targets, ...rest }: DatasetParts) => {
    const { pictures: left, levels } = picturesOf(source) ?? {};
    const encoded = left?.map(({ path }) => indexOf.get(path)!);
    if (!encoded) await fetch(`images/${name}`, { method: 'POST', body: images as Uint8Array<ArrayBuffer> });
    return {
      ...rest,
      ...(encoded && { pictures: encoded }),
      ...(levels && { levels }),
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
