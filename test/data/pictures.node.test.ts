import { describe, expect, test } from 'vitest';
import { DataError, holdOut, placePictures } from '../../src/index.ts';

describe('placePictures', () => {
  test('the folder of a picture is its class, one above it may be its part; what is no picture is left out', () => {
    const paths = [
      'set/train/dog/2.JPG',
      'set/train/dog/1.png',
      'set/train/<b>cat/1.webp',
      'set/Validation/dog/9.png',
      'set/train/dog/.hidden.png',
      'set/__MACOSX/.x/1.png',
      'set/train/dog/notes.txt',
      'lonely.png',
    ];
    expect(placePictures(paths)).toEqual([
      { path: 'set/Validation/dog/9.png', className: 'dog', part: 'test' },
      { path: 'set/train/<b>cat/1.webp', className: '<b>cat', part: 'train' },
      { path: 'set/train/dog/1.png', className: 'dog', part: 'train' },
      { path: 'set/train/dog/2.JPG', className: 'dog', part: 'train' },
    ]);
    // What lies beside the classes is of none of them; without folders below it, a folder is a class as any other.
    const beside = ['set/cover.png', 'set/cat/1.png', 'set/dog/1.png'];
    expect(placePictures(beside).map(({ className }) => className)).toEqual(['cat', 'dog']);
    expect(placePictures(['cat/1.png', 'dog/1.png', 'dog/old/2.png']).map(({ className }) => className)).toEqual([
      'cat',
      'dog',
      'old',
    ]);
    // A class may be called like a part.
    expect(placePictures(['a/test/1.png', 'a/other/1.png']).map(({ className, part }) => [className, part])).toEqual([
      ['other', undefined],
      ['test', undefined],
    ]);
  });

  test.each<[string, string[], string]>([
    ['no pictures', ['a/b.txt'], 'No pictures in folders'],
    ['pictures without folders', ['1.png', '2.png'], 'No pictures in folders'],
    ['one class', ['set/cat/1.png', 'set/cat/2.png'], '1 folder with pictures'],
    ['more classes than a label can tell', Array.from({ length: 257 }, (_, i) => `${i}/1.png`), '257 folders'],
  ])('%s', (_, paths, words) => {
    expect(() => placePictures(paths)).toThrow(DataError);
    expect(() => placePictures(paths)).toThrow(words);
  });
});

test('holdOut takes every fifth image of each class, and loses none', () => {
  const labels = [0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 1, 2];
  const images = Uint8Array.from({ length: 24 }, (_, i) => i);
  const { train, test: held } = holdOut({ images, labels, imageShape: [1, 2, 1], classNames: ['a', 'b', 'c'] });
  expect(Array.from(held.labels)).toEqual([0, 1]);
  expect([...held.images]).toEqual([12, 13, 20, 21]); // images 6 and 10
  expect(Array.from(train.labels)).toEqual([0, 1, 0, 0, 0, 1, 1, 0, 1, 2]);
  expect([...train.images, ...held.images].sort((a, b) => a - b)).toEqual([...images]);
  expect(train.classNames).toEqual(['a', 'b', 'c']);
});
