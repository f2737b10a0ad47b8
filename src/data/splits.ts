import { foldersOf, nameOf } from './identify.ts';

/** The splits of a data set, in the order in which they are used. */
export const splits = ['train', 'validation', 'test'] as const;
/** A part of a data set: `'train'`, `'validation'` or `'test'`. */
export type Split = (typeof splits)[number];

const words: [Split, RegExp][] = [
  ['train', /^(train|training|trn)$/],
  ['validation', /^(val|valid|validation|validate|dev|development)$/],
  ['test', /^(test|testing|tst|t10k|eval|evaluation|holdout)$/],
];
/** Common suffixes and prefixes of these words: train_images, test1, validationset. */
const additions = /(set|split|data|dataset|images?|imgs?|pictures?|photos?|samples|folder|labels?)$/;

/** A trailing number is ignored: test1 is a test split. The 10k of t10k is not such a number. */
function splitOfToken(token: string): Split | undefined {
  const word = token.replace(/(?<=[a-z]{2})\d+$/, '');
  return [word, word.replace(additions, '')]
    .map((it) => words.find(([, pattern]) => pattern.test(it))?.[0])
    .find(Boolean);
}

const tokensOf = (name: string) =>
  name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);

/**
 * The split that a folder name stands for: train, training_set, val, test1, seg_train.
 *
 * @returns also the rest of the name: seg_train and seg_test have the same rest, while that of train_station is unique.
 */
export function splitOfFolder(name: string): { split: Split; rest: string } | undefined {
  const tokens = tokensOf(name).map((token) => ({ token, split: splitOfToken(token) }));
  const [first, another] = tokens.filter(({ split }) => split);
  if (!first || another) return undefined;
  const rest = tokens.filter(
    ({ token, split }) => !split && !/^\d+$/.test(token) && token.replace(additions, '') !== '',
  );
  return { split: first.split!, rest: rest.map(({ token }) => token).join(' ') };
}

/** The split of a file that contains many images: determined by its own name, or else by the nearest folder named after a split. */
export function splitOfFile(path: string): Split | undefined {
  return [nameOf(path), ...foldersOf(path).reverse()]
    .flatMap((name) => tokensOf(name).map(splitOfToken))
    .find((split) => split !== undefined);
}
