import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import {
  ConfigurationError,
  createDatasets,
  DataError,
  type DatasetParts,
  datasetFrom,
  describeIgnored,
  describeReading,
  type PlacedFile,
  readDataset,
  readUserFiles,
  takeFirst,
  trainingParts,
} from '../../src/index.ts';
import dataFiles from '../fixtures/data_files.json';
import { bytesOf, gzip, joined, mnistLike, placed, textBytes, widePng } from './made_files.ts';

const parquet = dataFiles.parquet as {
  files: Record<string, string>;
  pictures: string[];
  classes: string[];
  classNames?: string[];
}[];

type Draw = (context: OffscreenCanvasRenderingContext2D) => void;

/** A picture of one color with a drawing on it. */
async function picture([width, height]: [number, number], color: string, draw?: Draw, type = 'image/png') {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d')!;
  context.fillStyle = color;
  context.fillRect(0, 0, width, height);
  draw?.(context);
  return canvas.convertToBlob({ type });
}

const named = (path: string, file: Blob): PlacedFile => ({ path, file });

/** The same small picture at each of the paths. */
async function atPaths(...paths: string[]): Promise<PlacedFile[]> {
  const file = await picture([4, 4], '#345');
  return paths.map((path) => ({ path, file }));
}

const classesOf = ({ labels, classNames }: DatasetParts) => Array.from(labels, (label) => classNames![label]);

test('pixels are read as stored; gray pictures of a common small size keep it and get one channel', async () => {
  const mark: Draw = (context) => {
    context.fillStyle = '#fefefe';
    context.fillRect(2, 1, 4, 4);
  };
  const files = [
    named('a/1.png', await picture([8, 6], '#808080', mark)),
    named('b/1.png', await picture([8, 6], '#010101')),
    named('b/2.png', new Blob(['no picture'])),
    named('b/3.png', (await picture([8, 6], '#010101')).slice(0, 40)),
  ];
  const progress: [number, number][] = [];
  const read = await readUserFiles(files, {
    validationSplit: 0,
    onProgress: (done, total) => progress.push([done, total]),
  });
  expect(read.train).toMatchObject({ imageShape: [6, 8, 1], labels: [0, 1], classNames: ['a', 'b'] });
  const [first, second] = [read.train.images.subarray(0, 48), read.train.images.subarray(48)];
  expect([first[0], first[3 * 8 + 4], first[47]]).toEqual([0x80, 0xfe, 0x80]);
  expect(new Set(second)).toEqual(new Set([1]));
  expect(read.report.ignored).toEqual([
    { path: 'b/3.png', reason: 'PNG that is damaged or truncated' },
    { path: 'b/2.png', reason: 'named like a picture, but its content is: text' },
  ]);
  expect(progress).toEqual([...progress].sort(([a], [b]) => a - b));
  expect(progress.at(-1)).toEqual([3, 3]);
});

test('16-bit pictures: the report gives their range, and on request they are stretched, in memory and in their files', async () => {
  const levels = Array.from({ length: 4 * 5 }, (_, i) => 100 + 37 * i);
  const gray = (shift: number) =>
    new Blob([
      widePng(
        4,
        0,
        levels.map((level) => level + shift),
      ),
    ]);
  // Transparent pixels affect neither the range nor whether there are colors.
  const color = new Blob([
    widePng(
      4,
      6,
      levels.flatMap((level, i) => [level, level, level, i ? 65535 : 0]),
    ),
  ]);
  const files = [
    named('a/1.png', gray(0)),
    named('a/2.png', gray(40)),
    named('b/1.png', color),
    named('b/2.png', await picture([4, 5], '#404040')),
  ];
  const [least, most] = [100, 100 + 37 * 19 + 40];
  const plain = await readUserFiles(files, { validationSplit: 0 });
  expect(plain.report.notes).toContain(
    `3 16-bit pictures: values from ${least} to ${most}: 65535 became 255, 10 bits of 16; they can be stretched`,
  );
  expect(Math.max(...plain.train.images.subarray(0, 20))).toBe(Math.round(Math.max(...levels) / 257));
  const stretched = (level: number) => Math.round(((level - least) * 255) / (most - least));
  const expected = [
    ...levels.map(stretched),
    ...levels.map((level) => stretched(level + 40)),
    ...levels.map((level, i) => (i ? stretched(level) : 255)),
    ...levels.map(() => 0x40),
  ];
  const read = await readUserFiles(files, { validationSplit: 0, stretch: true });
  expect(read.report.notes).toContain(
    `3 16-bit pictures: values from ${least} to ${most}, stretched over 0 to 255, as requested`,
  );
  expect(read.train.imageShape).toEqual([5, 4, 1]);
  expect([...read.train.images]).toEqual(expected);
  const streamed = await readUserFiles(files, { validationSplit: 0, stretch: true, streamAbove: 1 });
  expect([...(await streamed.train.source!.read(Uint32Array.of(0, 1, 2, 3)))]).toEqual(expected);
  const part = createDatasets({ train: streamed.train, test: streamed.train });
  const source = takeFirst(part.train, 2).source!;
  expect([...(await source.read(Uint32Array.of(1)))]).toEqual(expected.slice(20, 40));
  // Parquet tables and archives contain them, too.
  const zip = zipSync(
    Object.fromEntries(
      await Promise.all(files.map(async ({ path, file }) => [path, new Uint8Array(await file.arrayBuffer())] as const)),
    ),
  );
  const zipped = await readUserFiles([named('z.zip', new Blob([zip as Uint8Array<ArrayBuffer>]))], {
    validationSplit: 0,
    stretch: true,
  });
  expect([...zipped.train.images]).toEqual(expected);
});

describe('the content of a file determines its format', () => {
  test('pictures with any name; those that the browser cannot decode are listed with their format', async () => {
    const jpeg = await picture([6, 6], '#a00', undefined, 'image/jpeg');
    const webp = await picture([6, 6], '#0a0', undefined, 'image/webp');
    const png = await picture([6, 6], '#00a');
    const names = ['1.jfif', '2.JPEG', '3', '4.idx3-ubyte', '5.bin', '6.txt'];
    const files = [
      ...names.map((name) => named(`x/${name}`, jpeg)),
      named('x/7', webp),
      // An incomplete batch, and half of a pair: pictures in class folders take precedence over those.
      ...placed({
        'x/test_batch.bin': new Uint8Array(3072).fill(7),
        'y/labels-idx1-ubyte': mnistLike['t10k-labels-idx1-ubyte']!,
      }),
      named('y/10253_idx5_x1001_y1001_class0.png', png),
      named('y/10253_idx5_x1001_y1001_class1.png', png),
      named('y/data_batch_1.bin', png),
      ...placed({
        'y/a.tif': bytesOf('II*\0\x08\0\0\0'),
        'x/b.pgm': bytesOf('P5\n2 2\n255\n\0\0\0\0'),
        'x/c.heic': bytesOf('\0\0\0\x18ftypheic\0\0\0\0'),
      }),
    ];
    const { train, report } = await readUserFiles(files, { validationSplit: 0 });
    expect(classesOf(train)).toEqual([...Array(7).fill('x'), ...Array(3).fill('y')]);
    const reasons = Object.fromEntries(report.ignored.map(({ path, reason }) => [path, reason]));
    expect(reasons).toMatchObject({
      'y/a.tif': expect.stringMatching(/^TIFF, which this browser cannot decode/),
      'x/b.pgm': expect.stringMatching(/^PGM/),
      'x/c.heic': expect.stringMatching(/^HEIC/),
    });
    const none = files.filter(({ path }) => /tif|pgm/.test(path));
    await expect(readUserFiles(none)).rejects.toThrow(/3|2 pictures, none.*TIFF.*PGM|PGM.*TIFF/s);
  });

  test('system files and other formats are not errors', async () => {
    const beside = {
      'set/class_to_idx.json': '{}',
      'set/empty.bin': '',
      'set/labels-idx1-ubyte': '',
      'set/.DS_Store': 'x',
      'set/cat/Thumbs.db': 'x',
      '__MACOSX/set/cat/._1.png': bytesOf('\0\x05\x16\x07'),
      'set/cat/notes.txt': 'x',
    };
    const pictures = await atPaths('set/cat/1.png', 'set/cat/2.png', 'set/dog/1.png', 'set/.trash/dog/9.png');
    const { train, test, report } = await readUserFiles([...placed(beside), ...pictures]);
    expect([classesOf(train), classesOf(test)]).toEqual([['cat', 'dog'], ['cat']]);
    expect(report.ignored.map(({ path }) => path).sort()).toEqual(
      [...Object.keys(beside), 'set/.trash/dog/9.png'].sort(),
    );
    const described = describeIgnored(report.ignored);
    expect(described.at(-1)).toEqual({
      path: expect.stringMatching(/ and 1 more$/),
      reason: 'hidden or system file',
    });
  });

  test('IDX files, in a browser', async () => {
    const padded = Object.entries(mnistLike).map(async ([name, bytes]) => {
      return [
        `${name}.gz`,
        joined(await gzip(bytes.slice(0, 9)), await gzip(bytes.slice(9)), new Uint8Array(99)),
      ] as const;
    });
    const { train, report } = await readUserFiles(placed(Object.fromEntries(await Promise.all(padded))));
    expect([[...train.images], report.notes]).toEqual([[1, 2, 3, 4], []]);
  });

  test('a table of pixels in several gzip members, in a browser', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => [i % 7, ...Array(16).fill(i % 251)].join());
    const text = textBytes(`${rows.join('\n')}\n`);
    // The second member begins within a row.
    const members = await Promise.all([text.slice(0, 70_001), text.slice(70_001)].map(gzip));
    const packed = joined(...members, new Uint8Array(99));
    const { train, validation, test } = await readUserFiles(placed({ 'train.csv.gz': packed }), { validationSplit: 0 });
    const levels = [train, validation, test].flatMap((part) => [...(part?.images ?? [])]);
    expect(levels.length).toBe(16 * 3000);
    expect(levels.reduce((sum, level) => sum + level, 0)).toBe(16 * rows.reduce((sum, _, i) => sum + (i % 251), 0));
    const cut = placed({ 'train.csv.gz': joined(members[0]!, members[1]!.slice(0, -20)) });
    await expect(readUserFiles(cut)).rejects.toThrow('gzip data that is damaged or truncated after line');
  });
});

describe('splits and classes from folders', () => {
  // [title, paths, the classes of each split (preceded by the folder), ignored files].
  type Expected = { train: string; validation?: string; test: string; ignored?: string[]; from?: string[][] };
  const held = (...classes: string[]) => classes.flatMap((name) => [1, 2].map((n) => `${name}/${n}.png`));
  const cases: [string, string[], Expected][] = [
    ['classes alone', held('a', 'b'), { train: 'a b', test: 'a b' }],
    [
      'in a folder, with a cover',
      ['set/cover.png', ...held('set/a', 'set/b')],
      { train: 'a b', test: 'a b', ignored: ['set/cover.png'] },
    ],
    [
      'a picture in no folder',
      ['lonely.png', ...held('set/a', 'set/b')],
      { train: 'a b', test: 'a b', ignored: ['lonely.png'] },
    ],
    [
      'loose pictures in test',
      ['test/1.png', 'train/cover.png', ...held('train/a', 'train/b')],
      { train: 'a b', test: 'a b', ignored: ['test/1.png', 'train/cover.png'] },
    ],
    [
      'loose pictures in test1, in a folder',
      ['k/test1/1.png', 'k/test1/2.png', ...held('k/train/a', 'k/train/b')],
      { train: 'a b', test: 'a b', ignored: ['k/test1/1.png', 'k/test1/2.png'] },
    ],
    [
      'another folder beside train',
      ['unlabeled/1.png', ...held('train/a', 'train/b')],
      { train: 'a b', test: 'a b', ignored: ['unlabeled/1.png'] },
    ],
    [
      'a folder of images below the class',
      [
        'train/a/images/1.JPEG',
        'train/a/images/2.JPEG',
        'train/b/images/1.JPEG',
        'val/images/1.JPEG',
        'test/images/2.JPEG',
      ],
      { train: 'a b', test: 'a', ignored: ['test/images/2.JPEG', 'val/images/1.JPEG'] },
    ],
    [
      'training_set and test_set, each in a folder of its name',
      [...held('s/training_set/training_set/a', 's/training_set/training_set/b'), 's/test_set/test_set/b/9.png'],
      { train: 'a a b b', test: 'b', from: [['s/training_set/training_set'], ['s/test_set/test_set']] },
    ],
    [
      'train, val and test',
      ['x/train/a/1.png', 'x/train/b/1.png', 'x/val/a/1.png', 'x/val/a/2.png', 'x/test/b/1.png'],
      { train: 'a b', validation: 'a a', test: 'b', from: [['x/train'], ['x/val'], ['x/test']] },
    ],
    [
      'Train and Validation',
      ['Train/a/1.png', 'Train/b/1.png', 'Validation/b/1.png'],
      { train: 'a b', test: 'b', from: [['Train'], ['Validation']] },
    ],
    [
      'seg_train and seg_test',
      ['seg_train/a/1.png', 'seg_train/b/1.png', 'seg_test/b/1.png', 'seg_pred/1.png'],
      { train: 'a b', test: 'b', ignored: ['seg_pred/1.png'] },
    ],
    [
      'train_images and test_images',
      ['train_images/a/1.png', 'train_images/b/1.png', 'test_images/b/1.png'],
      { train: 'a b', test: 'b' },
    ],
    ['a folder test alone', held('test/a', 'test/b'), { train: 'a b', test: 'a b' }],
    [
      'a folder val alone, with a cover',
      ['val/0.png', ...held('val/a', 'val/b')],
      { train: 'a b', test: 'a b', ignored: ['val/0.png'] },
    ],
    [
      'classes called like splits',
      held('car', 'test', 'train', 'test_tube'),
      { train: 'car test test_tube train', test: 'car test test_tube train' },
    ],
    [
      'folders in classes',
      ['cat/1.png', 'cat/old/2.png', 'dog/1.png', 'dog/new/2.png'],
      { train: 'cat dog', test: 'cat dog' },
    ],
    [
      'splits in classes',
      ['a/train/1.png', 'b/train/1.png', 'a/test/1.png', 'b/test/2.png'],
      {
        train: 'a b',
        test: 'a b',
        from: [
          ['a/train', 'b/train'],
          ['a/test', 'b/test'],
        ],
      },
    ],
    [
      'a class that training has not',
      ['train/a/1.png', 'train/b/1.png', 'val/a/1.png', 'val/c/1.png'],
      { train: 'a b', test: 'a', ignored: ['val/c/1.png'] },
    ],
    [
      'other pictures far from the splits',
      ['docs/plot.png', 'd/train/a/1.png', 'd/train/b/1.png', 'd/test/a/1.png'],
      { train: 'a b', test: 'a', ignored: ['docs/plot.png'] },
    ],
  ];

  test.each(cases)('%s', async (_, paths, expected) => {
    const read = await readUserFiles(await atPaths(...paths));
    const found = {
      train: classesOf(read.train).join(' '),
      ...(read.validation && { validation: classesOf(read.validation).join(' ') }),
      test: classesOf(read.test).join(' '),
    };
    const { ignored = [], from, ...splits } = expected;
    expect(found).toEqual(splits);
    expect(read.report.ignored.map(({ path }) => path).sort()).toEqual(ignored);
    if (from) expect(read.report.splits.map((split) => split.from)).toEqual(from);
  });

  test('three splits remain three, and the report says what each is used for', async () => {
    const read = await readUserFiles(await atPaths('train/a/1', 'train/b/1', 'val/a/1', 'test/a/1', 'test/b/1'));
    expect(describeReading(read.report).slice(0, 3)).toEqual([
      'training: 2 images from train',
      'validation: 1 image from val',
      'test: 2 images from test, kept aside: training does not use it',
    ]);
    expect(trainingParts(read).test).toBe(read.validation);
    const two = await readUserFiles(await atPaths('train/a/1', 'train/b/1', 'test/a/1'));
    expect(describeReading(two.report)[1]).toBe('test: 1 image from test, used for validation');
  });

  test.each<[string, string[], RegExp]>([
    ['pictures without folders', ['1.png', '2.png'], /No pictures in folders.*2 pictures/s],
    ['one class', ['set/cat/1.png', 'set/cat/2.png'], /2 pictures, in 1 folder \(cat\)/],
    [
      'validation and test alone',
      ['val/a/1', 'val/b/1', 'test/a/1', 'test/b/1'],
      /no training images.*val, test|test, val/s,
    ],
    [
      'two data sets',
      ['one', 'two'].flatMap((set) => ['train/a/1', 'train/b/1', 'test/a/1'].map((path) => `${set}/${path}`)),
      /more than one data set.*one, two/s,
    ],
    [
      'one picture of each class',
      ['a/1.png', 'b/1.png', 'c/1.png'],
      /3 images of 3 classes, one of each.*at least 2 images/s,
    ],
  ])('rejected: %s', async (_, paths, words) => {
    const reading = atPaths(...paths).then((files) => readUserFiles(files));
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(words);
    await expect(reading).rejects.not.toThrow('Cleaning');
  });

  test('more classes than a byte can represent', async () => {
    const names = Array.from({ length: 257 }, (_, i) => `${i}`);
    const { train } = await readUserFiles(await atPaths(...held(...names)));
    expect(train.classNames).toHaveLength(257);
    expect([...new Set(classesOf(train))].sort()).toEqual(names.sort());
  });

  test('at least one of fewer than five pictures of a class is held out, or none on request', async () => {
    const files = await atPaths(...held('a', 'b'), 'c/1.png');
    const { train, test } = await readUserFiles(files);
    expect([classesOf(train), classesOf(test)]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b'],
    ]);
    const all = await readUserFiles(files, { validationSplit: 0 });
    expect([all.train.labels.length, all.test.labels.length]).toEqual([5, 0]);
  });
});

describe('a common size for all pictures', () => {
  const disc: Draw = (context) => {
    const { width, height } = context.canvas;
    context.fillStyle = '#fff';
    context.beginPath();
    context.arc(width / 2, height / 2, 8, 0, 2 * Math.PI);
    context.fill();
  };
  const extent = ({ images, imageShape: [height, width] }: DatasetParts, at: number) => {
    const image = images.subarray(at * height! * width!, (at + 1) * height! * width!);
    const isLit = (x: number, y: number) => image[y * width! + x]! > 127;
    const range = (n: number) => Array.from({ length: n }, (_, i) => i);
    const across = range(width!).filter((x) => range(height!).some((y) => isLit(x, y))).length;
    const down = range(height!).filter((y) => range(width!).some((x) => isLit(x, y))).length;
    return { across, down };
  };

  const mixed = async (wide: number, square: number) => [
    ...(await Promise.all(
      Array.from({ length: wide }, async (_, i) => named(`a/${i}.png`, await picture([48, 24], '#000', disc))),
    )),
    ...(await Promise.all(
      Array.from({ length: square }, async (_, i) => named(`b/${i}.png`, await picture([36, 36], '#000', disc))),
    )),
  ];

  test.each<[number, number, number[], string]>([
    [
      16,
      20,
      [36, 36, 1],
      'images of 36 × 36, the size of more than half of the pictures; the other 16 are scaled without stretching',
    ],
    [
      16,
      4,
      [24, 48, 1],
      'images of 48 × 24, the size of more than half of the pictures; the other 4 are scaled without stretching',
    ],
    [
      8,
      8,
      [32, 32, 1],
      'images of 32 × 32, because no size is that of more than half of the pictures; they are scaled',
    ],
    [4, 0, [24, 48, 1], 'images of 48 × 24, the size of all pictures'],
  ])('%i of 48 x 24 and %i of 36 x 36: a circle remains a circle', async (wide, square, shape, rule) => {
    const files = [
      ...(await mixed(wide, square)),
      ...(square ? [] : [named('b/1.png', await picture([48, 24], '#000', disc))]),
    ];
    const { train, report } = await readUserFiles(files, { validationSplit: 0 });
    expect(train.imageShape).toEqual(shape);
    expect(describeReading(report).join('\n')).toContain(rule);
    expect(report.sizes!.reduce((sum, { count }) => sum + count, 0)).toBe(files.length);
    for (let i = 0; i < files.length; i++) {
      const { across, down } = extent(train, i);
      expect(Math.abs(across - down), `picture ${i}`).toBeLessThanOrEqual(1);
    }
  });

  test('another size and fit, if requested', async () => {
    const files = [
      named('a/1.png', await picture([100, 40], '#000', disc)),
      named('b/1.png', await picture([40, 40], '#000', disc)),
    ];
    const of = async (options: Parameters<typeof readUserFiles>[1]) =>
      (await readUserFiles(files, { validationSplit: 0, ...options })).train;
    expect((await of({})).imageShape).toEqual([32, 32, 1]);
    const cover = await of({ size: 20 });
    expect([cover.imageShape, extent(cover, 0)]).toEqual([[20, 20, 1], { across: 8, down: 8 }]);
    const fill = await of({ size: [20, 50], fit: 'fill' });
    expect([fill.imageShape, extent(fill, 0), extent(fill, 1)]).toEqual([
      [20, 50, 1],
      { across: 8, down: 8 },
      { across: 20, down: 8 },
    ]);
    // The pictures are white above and below.
    const contain = await of({ size: 20, fit: 'contain' });
    expect([contain.images[0], contain.images[10 * 20], contain.images[400]]).toEqual([255, 0, 0]);
    for (const options of [
      { size: 0 },
      { size: [1.5, 2] as never },
      { size: [3] as never },
      { fit: 'crop' as never },
    ]) {
      await expect(of(options)).rejects.toThrow(ConfigurationError);
    }
  });

  test('colors are kept, and transparent pixels become white', async () => {
    const wide = named('a/1.png', await picture([100, 40], '#ff0000'));
    const clear = named('b/1.png', await picture([40, 40], 'rgba(0, 0, 0, 0)'));
    const { train } = await readUserFiles([wide, clear], { size: 4, validationSplit: 0 });
    expect(train.imageShape).toEqual([4, 4, 3]);
    expect([...train.images.subarray(0, 3)]).toEqual([255, 0, 0]);
    expect(new Set(train.images.subarray(48))).toEqual(new Set([255]));
  });
});

describe('pictures in archives and tables', () => {
  test('a zip of class folders is read like the folders', async () => {
    const [dark, light] = [await picture([6, 6], '#102030'), await picture([6, 6], '#e0d0c0')];
    const bytes = async (file: Blob) => new Uint8Array(await file.arrayBuffer());
    const files = {
      'pets/cat/1.png': await bytes(dark),
      'pets/dog/1.png': await bytes(light),
      'pets/dog/2.png': joined(await bytes(light)),
    };
    const archive = new File([zipSync(files) as Uint8Array<ArrayBuffer>], 'pets.zip');
    const { train, report } = await readDataset(archive, { validationSplit: 0 });
    expect(train).toMatchObject({ count: 3, classNames: ['cat', 'dog'], imageShape: [6, 6, 3] });
    expect([...train.images.slice(0, 3)]).toEqual([0x10, 0x20, 0x30]);
    expect(report.notes[0]).toContain('read without unpacking it');
  });

  test('Parquet as published by Hugging Face', async () => {
    const { files, pictures, classNames, classes } = parquet[0]!;
    const bytes = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const blobs = Object.fromEntries(
      Object.entries(files).map(([path, content]) => [path, new Blob([bytes(content!)])]),
    );
    const { train, report } = await readDataset(blobs, { validationSplit: 0 });
    expect(report.format).toBe('Parquet');
    expect(train).toMatchObject({ count: pictures.length, classNames, imageShape: [4, 4, 1] });
    expect(Array.from(train.labels, (label) => classNames![label])).toEqual(classes);
  });

  test('datasetFrom takes pictures', async () => {
    const file = await picture([8, 4], '#405060');
    const { images, imageShape } = await datasetFrom([{ image: file, label: 'a' }], { imageShape: [2, 2, 3] });
    expect([imageShape, [...images.slice(0, 3)]]).toEqual([
      [2, 2, 3],
      [0x40, 0x50, 0x60],
    ]);
  });
});
