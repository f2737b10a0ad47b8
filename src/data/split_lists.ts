import { type IdentifiedFile, nameOf } from './identify.ts';
import type { PlacedPicture } from './picture_folders.ts';
import { type Split, splitOfFile } from './splits.ts';

/** Lists of the pictures of each split, next to the folders of the classes. */
export interface SplitLists {
  from: string[];
  placed: PlacedPicture[];
  unlisted: string[];
}

/** Larger files are not treated as lists of pictures. */
const mostBytes = 16 * 2 ** 20;

/**
 * Takes splits from lists of pictures: train.txt and test.txt, as Food-101 and DTD have, or the numbers of CUB-200's
 * train_test_split.txt. A list that repeats pictures of an earlier one, such as train2.txt after train1.txt, is left out.
 *
 * @returns undefined unless there is a list of training pictures and another one.
 */
export async function splitByLists(
  files: readonly IdentifiedFile[],
  placed: readonly PlacedPicture[],
): Promise<SplitLists | undefined> {
  const texts = files.filter(
    ({ path, format, file }) => format.kind !== 'picture' && /\.(txt|lst)$/i.test(path) && file.size <= mostBytes,
  );
  if (texts.length === 0) return undefined;
  const pictureOf = new Map<string, string | undefined>();
  for (const { path } of placed) {
    const parts = path.split('/');
    // The class folder and the name are enough: images/apple_pie/1.jpg is apple_pie/1. A key shared by several pictures identifies none of
    // them.
    for (let from = 0; from < parts.length; from++) {
      const tail = parts.slice(from).join('/');
      for (const name of [tail, tail.replace(/\.[^./]+$/, '')])
        pictureOf.set(name, pictureOf.has(name) ? undefined : path);
    }
  }
  const found = (await ofNumbers(texts, pictureOf)) ?? (await ofNames(texts, pictureOf));
  const kinds = new Set(found.splitOf.values());
  if (!kinds.has('train') || kinds.size < 2) return undefined;
  return {
    from: found.from,
    placed: placed.flatMap((one) => {
      const split = found.splitOf.get(one.path);
      return split ? [{ ...one, split }] : [];
    }),
    unlisted: placed.map(({ path }) => path).filter((path) => !found.splitOf.has(path)),
  };
}

const linesOf = async ({ file }: IdentifiedFile) =>
  new TextDecoder()
    .decode(await file.arrayBuffer())
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean);

type Found = { from: string[]; splitOf: Map<string, Split> };

/** Each line of images.txt has an id and a path. Each line of train_test_split.txt has an id, and 1 for training or 0 for testing. */
async function ofNumbers(
  texts: readonly IdentifiedFile[],
  pictureOf: ReadonlyMap<string, string | undefined>,
): Promise<Found | undefined> {
  const named = (name: string) => texts.find(({ path }) => nameOf(path) === name);
  const [images, numbers] = [named('images.txt'), named('train_test_split.txt')];
  if (!images || !numbers) return undefined;
  const pairs = async (file: IdentifiedFile) =>
    (await linesOf(file)).map((line): [string, string] => {
      const [id = '', ...rest] = line.split(' ');
      return [id, rest.join(' ')];
    });
  const splitOfId = new Map(await pairs(numbers));
  const splitOf = new Map<string, Split>();
  for (const [id, name] of await pairs(images)) {
    const [picture, isTraining] = [pictureOf.get(name), splitOfId.get(id)];
    if (picture && isTraining) splitOf.set(picture, isTraining === '1' ? 'train' : 'test');
  }
  return { from: [images.path, numbers.path], splitOf };
}

async function ofNames(
  texts: readonly IdentifiedFile[],
  pictureOf: ReadonlyMap<string, string | undefined>,
): Promise<Found> {
  const splitOf = new Map<string, Split>();
  const from: string[] = [];
  for (const text of texts) {
    const split = splitOfFile(nameOf(text.path));
    if (!split) continue;
    const lines = await linesOf(text);
    const pictures = lines.map((line) => pictureOf.get(line.replaceAll('\\', '/').replace(/^\.\//, '')));
    if (pictures.length === 0 || pictures.some((picture) => picture === undefined || splitOf.has(picture))) continue;
    for (const picture of pictures) splitOf.set(picture!, split);
    from.push(text.path);
  }
  return { from, splitOf };
}
