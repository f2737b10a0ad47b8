import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { readFilesWith } from '../../src/data/index.ts';
import type { LabeledPictures } from '../../src/data/labeled_pictures.ts';
import { ConfigurationError, DataError, type DatasetParts, type PlacedFile } from '../../src/index.ts';
import { product } from '../../src/product';
import { bytesOf } from './made_files.ts';

interface Case {
  name: string;
  files: Record<string, string>;
  options: object;
}
const { cases, parquet }: Record<'cases' | 'parquet', Case[]> = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/data_files.json'), 'utf8'),
);

const png = bytesOf('\x89PNG\r\n\x1a\n and no picture');
const pictures: Case = {
  name: 'pictures in a zip with a table',
  files: {
    'p.zip': Buffer.from(
      zipSync({ 'a.png': png, 'b.png': png, 'labels.csv': bytesOf('file,label\na.png,0\nb.png,1\n') }),
    ).toString('base64'),
  },
  options: {},
};

/** Reproducible numbers: a hashed counter. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return ((x ^ (x >>> 15)) >>> 0) % below;
  };
}

type Bytes = Uint8Array<ArrayBuffer>;
/** Truncates a file, flips bits, falsifies a size, or duplicates or removes a piece. */
const mutations: ((bytes: Bytes, random: (below: number) => number) => Bytes)[] = [
  (bytes, random) => bytes.slice(0, random(bytes.length)),
  (bytes, random) =>
    changed(bytes, (copy) => {
      for (let i = 0; i <= random(8); i++) copy[random(copy.length)]! ^= 1 << random(8);
    }),
  // Sizes are in the first and in the last bytes.
  (bytes, random) =>
    changed(bytes, (copy) => {
      const at = random(2) ? random(Math.min(128, copy.length)) : copy.length - 1 - random(Math.min(160, copy.length));
      copy.set(
        [
          [0xff, 0xff, 0xff, 0xff],
          [0, 0, 0, 0],
          [0x7f, 0xff, 0xff, 0xff],
          [0, 0, 0, 0x80],
        ][random(4)]!.slice(0, copy.length - at),
        at,
      );
    }),
  (bytes, random) => {
    const [from, to] = [random(bytes.length), random(bytes.length)].sort((a, b) => a - b) as [number, number];
    const piece = random(2) ? bytes.slice(from, to) : new Uint8Array();
    return new Uint8Array([...bytes.slice(0, from), ...piece, ...piece, ...bytes.slice(to)]);
  },
];

function changed(bytes: Bytes, change: (copy: Bytes) => void): Bytes {
  const copy = bytes.slice();
  if (copy.length > 0) change(copy);
  return copy;
}

/** Decodes no picture, but reads the bytes of each. */
async function reader({ files, placed }: LabeledPictures): Promise<never> {
  for (const { file } of files) await file.arrayBuffer();
  throw new DataError({ what: `${placed.length} pictures` });
}

/** Accepted data must be consistent: as many labels as images, and each label a valid class. */
function expectWhole({ images, labels, imageShape, classNames, targets }: DatasetParts): void {
  const bytes = product(imageShape);
  expect(images.length).toBe(labels.length * bytes);
  if (classNames && !targets) expect(Array.from(labels).every((label) => label >= 0)).toBe(true);
  if (targets) expect(targets.every((value) => Number.isFinite(value))).toBe(true);
}

const count = 10_000;
const mostBytes = 1e9;

test(`${count} mutated files of all formats: each is read completely or rejected with a message`, async () => {
  const all = [...cases, ...parquet, pictures].map(({ name, files, options }) => ({
    name,
    options,
    files: Object.entries(files).map(
      ([path, content]) => [path, new Uint8Array(Buffer.from(content, 'base64'))] as [string, Bytes],
    ),
  }));
  const found = { read: 0, refused: 0 };
  for (let i = 0; i < count; i++) {
    const random = sequence(i);
    const { name, options, files } = all[i % all.length]!;
    const which = random(files.length);
    const mutate = mutations[random(mutations.length)]!;
    const placed = files.map(
      ([path, bytes], at): PlacedFile => ({ path, file: asFile(at === which ? mutate(bytes, random) : bytes) }),
    );
    try {
      const read = await readFilesWith(reader, placed, options);
      for (const part of [read.train, read.test, read.validation]) if (part) expectWhole(part);
      found.read++;
    } catch (error) {
      if (!(error instanceof DataError || error instanceof ConfigurationError)) {
        throw new Error(`mutation ${i} of ${name}: ${error instanceof Error ? error.stack : String(error)}`);
      }
      found.refused++;
    }
  }
  console.log(`${found.read} were read, ${found.refused} refused`);
  expect(found.read + found.refused).toBe(count);
  expect(found.refused).toBeGreaterThan(count / 4);
  expect(process.memoryUsage().rss).toBeLessThan(mostBytes);
});

/** In memory, because reading a Node Blob takes longer than creating a mutation. */
const asFile = (bytes: Bytes): PlacedFile['file'] => ({
  size: bytes.length,
  arrayBuffer: async () => bytes.slice().buffer,
  slice: (start, end) => ({ arrayBuffer: async () => bytes.slice(start, end).buffer }),
});
