import fc from 'fast-check';
import type { Finding, Part, TrainAndTestParts } from '../../src/data/index.ts';

/** An image is written as its pixels' characters: "ab" is 1 x 2 x 1. */
export type Written = [image: string, label: number];

export interface WrittenPair {
  train: Written[];
  test: Written[];
  classNames?: string[];
}

export function partsOf({ train, test, classNames }: WrittenPair): TrainAndTestParts {
  const width = [...train, ...test][0]![0].length;
  const part = (written: Written[], classNames?: string[]) => ({
    images: Uint8Array.from(written.flatMap(([image]) => [...image].map((pixel) => pixel.charCodeAt(0)))),
    labels: written.map(([, label]) => label),
    imageShape: [1, width, 1],
    classNames,
  });
  return { train: part(train, classNames), test: part(test) };
}

/** Few pixels with few values, so that every finding occurs often, alone and in combination. */
export const anyPair: fc.Arbitrary<WrittenPair> = fc.integer({ min: 1, max: 3 }).chain((width) => {
  const image = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: width, maxLength: width });
  const written = fc.tuple(image, fc.constantFrom(0, 1, 2, 3, -1, 0.5)) as fc.Arbitrary<Written>;
  const part = fc.array(written, { minLength: 1, maxLength: 12 });
  return fc.record({ train: part, test: part, classNames: fc.constant(['x', 'y', 'z']) });
});

export interface Item {
  part: Part;
  index: number;
  image: string;
  label: number;
}

export const itemsOf = (pair: WrittenPair): Item[] =>
  (['train', 'test'] as const).flatMap((part) =>
    pair[part].map(([image, label], index) => ({ part, index, image, label })),
  );

/** The definitions implemented literally, comparing each image with every other. */
export const naively: Record<Finding, (it: Item, all: Item[], classes: number) => boolean> = {
  labels: ({ label }, _, classes) => ![...Array(classes).keys()].includes(label),
  constant: ({ image }) => image.length > 1 && new Set(image).size === 1,
  conflicts: ({ image, label }, all) => all.some((other) => other.image === image && other.label !== label),
  leaks: ({ part, image }, all) =>
    part === 'test' && all.some((other) => other.part === 'train' && other.image === image),
  duplicates: ({ part, index, image, label }, all) =>
    all.some((other) => other.part === part && other.index < index && other.image === image && other.label === label),
};

export const indicesIn = (part: Part, items: Item[]): number[] =>
  items.filter((it) => it.part === part).map(({ index }) => index);
