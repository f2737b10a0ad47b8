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
/** Suffixes that people add to these words: train_images, test1, validationset. */
const additions = /(set|split|data|dataset|images?|imgs?|pictures?|photos?|samples|folder|labels?)$/;

/** A number at the end is ignored: test1 is a test split. The 10k of t10k is no such number. */
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
 * The split that a folder's name stands for: train, training_set, val, test1, seg_train.
 *
 * @returns also what else the name holds: that of seg_train and of seg_test is the same, that of train_station stands alone.
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

/** The split of a file that holds many images: by its own name, else by the nearest folder that is named after one. */
export function splitOfFile(path: string): Split | undefined {
  return [nameOf(path), ...foldersOf(path).reverse()]
    .flatMap((name) => tokensOf(name).map(splitOfToken))
    .find((split) => split !== undefined);
}
