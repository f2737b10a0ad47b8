import { readFilesWith } from '../../src/data/index.ts';
import type { LabeledPictures } from '../../src/data/labeled_pictures.ts';
import { bytesOf, placed } from './made_files.ts';

export const png = bytesOf('\x89PNG\r\n\x1a\n and no picture');

/** The input that a picture reader would get. */
export async function labeled(files: Record<string, BlobPart>, labels?: string): Promise<LabeledPictures> {
  let given: LabeledPictures | undefined;
  const reader = async (pictures: LabeledPictures) => {
    given = pictures;
    throw new Error('enough');
  };
  await readFilesWith(reader, placed(files), { ...(labels && { labels }) }).catch((error: Error) => {
    if (error.message !== 'enough') throw error;
  });
  return given!;
}

/** Pictures `1` to `n` in a folder. */
export const some = (folder: string, n = 2, name = (i: number) => `${i}.jpg`) =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`${folder}/${name(i + 1)}`, png]));
export const all = (...folders: string[]) =>
  Object.assign({}, ...folders.map((folder) => some(folder))) as Record<string, BlobPart>;

/** "train: a 2, b 2": number of pictures per class in each split. */
export function summary({ placed, targets, unlabeled }: LabeledPictures): string {
  const splits = ['train', 'validation', 'test'] as const;
  const lines = splits.flatMap((split) => {
    const of = placed.filter((one) => one.split === split);
    const names = [...new Set(of.map(({ className }) => className))].sort();
    const counts = names.map(
      (name) => `${name || targets!.names.join('+')} ${of.filter(({ className }) => className === name).length}`,
    );
    return of.length ? [`${split}: ${counts.join(', ')}`] : [];
  });
  return [...lines, ...(unlabeled.length ? [`unlabeled: ${unlabeled.length}`] : [])].join('; ');
}

export const csv = (...lines: string[]) => `${lines.join('\n')}\n`;
