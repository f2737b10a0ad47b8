import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DataError } from '../../src/index.ts';
import { all, csv, labeled, some, summary } from './labeled_files.ts';

type Files = Record<string, BlobPart>;
type Layout = [name: string, files: Files, expected: string, labels?: string];

const aircraft: Files = {
  ...some('data/images', 4),
  'data/images_variant_train.txt': '1 707-320\n2 A300 B4\n',
  'data/images_variant_test.txt': '3 707-320\n4 A300 B4\n',
};
const families: Files = { ...aircraft, 'data/images_family_train.txt': '1 Boeing 707\n2 A300\n' };

/** Layouts of published data sets, one per row of the second table of docs/data.md. */
const layouts: Layout[] = [
  [
    'an array of objects in JSON',
    {
      ...some('train/image', 4),
      'train/label.json': JSON.stringify(
        [1, 2, 3, 4].map((i) => ({ image_path: `image/${i}.jpg`, label: ['cat', 'dog'][i % 2] })),
      ),
    },
    'train: cat 2, dog 2',
  ],
  [
    'an object of names and classes in JSON',
    {
      ...some('p', 4),
      'p/labels.json': JSON.stringify({ '1.jpg': 'cat', '2.jpg': 'dog', '3.jpg': 'cat', '4.jpg': 'dog' }),
    },
    'train: cat 2, dog 2',
  ],
  [
    'several labels in a cell, separated by semicolons',
    {
      ...some('images', 3),
      'train.csv': csv('image_path,labels', 'images/1.jpg,Cut', 'images/2.jpg,Burn;Cut', 'images/3.jpg,Normal'),
    },
    'train: Burn+Cut+Normal 3',
  ],
  [
    'several labels in a quoted cell, separated by commas',
    { ...some('images', 3), 'train.csv': csv('image,labels', '1.jpg,Cut', '2.jpg,"Burn,Cut"', '3.jpg,Normal') },
    'train: Burn+Cut+Normal 3',
  ],
  [
    'train_list.txt, val_list.txt and label_list.txt (PaddleClas)',
    {
      ...some('images', 6),
      'train_list.txt': 'images/1.jpg 0\nimages/2.jpg 1\nimages/3.jpg 1\nimages/4.jpg 0\n',
      'val_list.txt': 'images/5.jpg 0\nimages/6.jpg 1\n',
      'label_list.txt': '0 cat\n1 dog\n',
    },
    'train: 0 2, 1 2; validation: 0 1, 1 1',
  ],
  [
    "MXNet's .lst",
    {
      ...some('img', 4),
      'train.lst': '7\t1.000000\timg/1.jpg\n5\t0.000000\timg/2.jpg\n6\t1\timg/3.jpg\n8\t0\timg/4.jpg\n',
    },
    'train: 0 2, 1 2',
  ],
  [
    "MXNet's .lst with several numbers",
    { ...some('img', 2), 'a.lst': '7\t1.5\t2\timg/1.jpg\n5\t0.25\t4\timg/2.jpg\n' },
    'train: 0+1 2',
  ],
  [
    'tabs between path and label',
    { ...some('img', 4), 'train.txt': 'img/1.jpg\t0\nimg/2.jpg\t1\nimg/3.jpg\t1\n', 'val.txt': 'img/4.jpg\t0\n' },
    'train: 0 1, 1 2; validation: 0 1',
  ],
  [
    'class numbers in a table without a header',
    { ...some('img', 4), 'l.csv': csv('1.jpg,3', '2.jpg,7', '3.jpg,7', '4.jpg,3') },
    'train: 3 2, 7 2',
  ],
  [
    'classes of several words in a list (FGVC-Aircraft)',
    aircraft,
    'train: 707-320 1, A300 B4 1; test: 707-320 1, A300 B4 1',
  ],
  [
    'one of several lists, by a part of its name (FGVC-Aircraft)',
    families,
    'train: 707-320 1, A300 B4 1; test: 707-320 1, A300 B4 1',
    'variant',
  ],
  [
    'lists of the splits without file extensions (Food-101)',
    {
      ...all('food/images/apple_pie', 'food/images/ramen'),
      'food/meta/train.txt': 'apple_pie/1\nramen/1\n',
      'food/meta/test.txt': 'apple_pie/2\nramen/2\n',
      'food/meta/classes.txt': 'apple_pie\nramen\n',
    },
    'train: apple_pie 1, ramen 1; test: apple_pie 1, ramen 1',
  ],
  [
    'ten lists of each split (DTD)',
    {
      ...all('dtd/images/banded', 'dtd/images/dotted'),
      'dtd/labels/train1.txt': 'banded/1.jpg\ndotted/1.jpg\n',
      'dtd/labels/test1.txt': 'banded/2.jpg\ndotted/2.jpg\n',
      'dtd/labels/train2.txt': 'banded/2.jpg\ndotted/1.jpg\n',
      'dtd/labels/test2.txt': 'banded/1.jpg\ndotted/2.jpg\n',
    },
    'train: banded 1, dotted 1; test: banded 1, dotted 1',
  ],
  [
    'lists of some of the pictures (MIT Indoor)',
    {
      ...all('Images/bar', 'Images/gym'),
      'TrainImages.txt': 'bar/1.jpg\ngym/1.jpg\n',
      'TestImages.txt': 'bar/2.jpg\n',
    },
    'train: bar 1, gym 1; test: bar 1; unlabeled: 1',
  ],
  [
    'images.txt and train_test_split.txt (CUB-200)',
    {
      ...all('CUB/images/001.A', 'CUB/images/002.B'),
      'CUB/images.txt': '1 001.A/1.jpg\n2 001.A/2.jpg\n3 002.B/1.jpg\n4 002.B/2.jpg\n',
      'CUB/image_class_labels.txt': '1 1\n2 1\n3 2\n4 2\n',
      'CUB/train_test_split.txt': '1 1\n2 0\n3 1\n4 0\n',
      'CUB/classes.txt': '1 001.A\n2 002.B\n',
    },
    'train: 001.A 1, 002.B 1; test: 001.A 1, 002.B 1',
  ],
  [
    'trainA, trainB, testA and testB (CycleGAN)',
    all('horse2zebra/trainA', 'horse2zebra/trainB', 'horse2zebra/testA', 'horse2zebra/testB'),
    'train: A 2, B 2; test: A 2, B 2',
  ],
  [
    'folds with the folders of the classes (cross-validation)',
    all('fold1/a', 'fold1/b', 'fold2/a', 'fold2/b', 'fold3/a', 'fold3/b'),
    'train: a 4, b 4; validation: a 2, b 2',
  ],
  ['parts with the folders of the classes', all('part_1/a', 'part_1/b', 'part_2/a', 'part_2/b'), 'train: a 4, b 4'],
  [
    'a table in each split, next to a folder of pictures',
    {
      ...some('d/train/images', 3),
      'd/train/labels.csv': csv('filename,label', '1.jpg,cat', '2.jpg,dog', '3.jpg,cat'),
      ...some('d/test/images', 2),
      'd/test/labels.csv': csv('filename,label', '1.jpg,cat', '2.jpg,dog'),
    },
    'train: cat 2, dog 1; test: cat 1, dog 1',
  ],
  [
    'splits below a folder of images',
    all('d/images/train/cat', 'd/images/train/dog', 'd/images/val/cat', 'd/images/val/dog'),
    'train: cat 2, dog 2; validation: cat 2, dog 2',
  ],
  [
    'Training Data and Testing Data',
    all('Training Data/cat', 'Training Data/dog', 'Testing Data/cat', 'Testing Data/dog'),
    'train: cat 2, dog 2; test: cat 2, dog 2',
  ],
  [
    'train_data and test_data',
    all('train_data/cat', 'train_data/dog', 'test_data/cat', 'test_data/dog'),
    'train: cat 2, dog 2; test: cat 2, dog 2',
  ],
  [
    'TRAIN, VAL and TEST',
    all('DS/TRAIN/A', 'DS/TRAIN/B', 'DS/VAL/A', 'DS/VAL/B', 'DS/TEST/A', 'DS/TEST/B'),
    'train: A 2, B 2; validation: A 2, B 2; test: A 2, B 2',
  ],
  ['a folder of images in each class', all('cats/images', 'dogs/images'), 'train: cats 2, dogs 2'],
  [
    'annotations next to the classes (Stanford Dogs)',
    {
      ...all('Images/n02085620-Chihuahua', 'Images/n02085782-Japanese_spaniel'),
      'Annotation/n02085620-Chihuahua/n02085620_10074': '<annotation>',
    },
    'train: n02085620-Chihuahua 2, n02085782-Japanese_spaniel 2',
  ],
  [
    'class names in JSON (Oxford Flowers)',
    {
      ...all('flowers/train/1', 'flowers/train/2', 'flowers/valid/1', 'flowers/valid/2'),
      'cat_to_name.json': '{"1":"rose","2":"lily"}',
    },
    'train: 1 2, 2 2; validation: 1 2, 2 2',
  ],
  [
    'a column of 0 and 1 for each class, one of which is 1 (ISIC)',
    { ...some('img', 3), 'gt.csv': csv('image,MEL,NV', '1,1.0,0.0', '2,0.0,1.0', '3,1.0,0.0') },
    'train: MEL 2, NV 1',
  ],
  [
    'a row index (pandas)',
    { ...some('img', 3), 'd.csv': csv(',filename,label', '0,1.jpg,cat', '1,2.jpg,dog', '2,3.jpg,cat') },
    'train: cat 2, dog 1',
  ],
  [
    'a row index next to numbers (pandas)',
    { ...some('img', 3), 'd.csv': csv('Unnamed: 0,file,age', '0,1.jpg,3', '1,2.jpg,4.5', '2,3.jpg,7') },
    'train: age 3',
  ],
  [
    'Windows paths',
    { ...some('img', 3), 'd.csv': csv('path,label', 'img\\1.jpg,cat', 'img\\2.jpg,dog', 'C:\\d\\img\\3.jpg,cat') },
    'train: cat 2, dog 1',
  ],
  [
    'identities (Humpback Whale)',
    { ...some('img', 3), 'train.csv': csv('Image,Id', '1.jpg,w_1', '2.jpg,w_2', '3.jpg,w_1') },
    'train: w_1 2, w_2 1',
  ],
  [
    'folders of hexadecimal digits (Google Landmarks)',
    {
      ...some('train/0/a/0', 1, () => '0a01.jpg'),
      ...some('train/1/b/2', 1, () => '1b22.jpg'),
      'train.csv': csv('id,landmark_id', '0a01,17', '1b22,9'),
    },
    'train: 17 1, 9 1',
  ],
];

/** Layouts that are not for classifiers, or not unique: one per row of the third table of docs/data.md. */
const refused: Layout[] = [
  [
    'one class for training (MVTec)',
    all('bottle/train/good', 'bottle/test/good', 'bottle/test/broken', 'bottle/ground_truth/broken'),
    'one class, good, and other splits have more.*move some pictures of the other classes into train',
  ],
  ['pictures and masks', all('d/images', 'd/masks'), 'pictures and masks.*leave out the masks'],
  [
    'pictures and masks in each split',
    all('d/train/images', 'd/train/masks', 'd/val/images', 'd/val/masks'),
    'and masks',
  ],
  [
    'objects and their boxes (Roboflow)',
    {
      ...some('train', 2),
      'train/_annotations.csv': csv(
        'filename,width,height,class,xmin',
        '1.jpg,9,9,cat,1',
        '1.jpg,9,9,dog,3',
        '2.jpg,9,9,dog,1',
      ),
    },
    'The tables give train/1.jpg more than one class.*boxes are not read',
  ],
  [
    'several lists of classes (FGVC-Aircraft)',
    families,
    'The tables give data/images/1.jpg more than one class.*"Boeing 707 and 707-320.*--labels',
  ],
];

test.each(layouts)('%s', async (_, files, expected, labels) => {
  expect(summary(await labeled(files, labels))).toBe(expected);
});

test.each(refused)('rejected: %s', async (_, files, words) => {
  const error = await labeled(files).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DataError);
  expect((error as Error).message).toMatch(new RegExp(words, 's'));
});

describe('lists of splits', () => {
  const folders = all('a', 'b');
  test.each<[string, Files]>([
    ['that name a picture which is not there', { 'train.txt': 'a/1\nb/1\n', 'test.txt': 'a/2\nb/9\n' }],
    ['whose names several pictures have', { 'train.txt': '1\n', 'test.txt': '2\n' }],
    ['of training alone', { 'train.txt': 'a/1\nb/1\n' }],
  ])('%s are not used', async (_, lists) => {
    expect(summary(await labeled({ ...folders, ...lists }))).toBe('train: a 2, b 2');
  });

  test('are named in the report', async () => {
    const { notes, unlabeled } = await labeled({ ...folders, 'train.txt': 'a/1\nb/1\n', 'test.txt': 'a/2\n' });
    expect(notes).toEqual(['splits from test.txt, train.txt']);
    expect(unlabeled).toEqual([{ path: 'b/2.jpg', reason: 'a picture that none of test.txt, train.txt names' }]);
  });
});

test('docs/data.md lists them', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/data.md'), 'utf8');
  const rowsOf = (heading: string) => {
    const section = text.split(`\n### ${heading}\n`)[1]!.split(/\n###? /)[0]!;
    return [...section.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, name]) => name!.replaceAll('`', '')).slice(2);
  };
  expect(rowsOf('More published layouts')).toEqual(layouts.map(([name]) => name));
  expect(rowsOf('Layouts that are refused')).toEqual(refused.map(([name]) => name));
});
