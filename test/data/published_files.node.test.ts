import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CsvReader, type CsvRow, separatorOf } from '../../src/data/csv.ts';
import { picturesInParquet } from '../../src/data/formats/read_parquet.ts';
import { identifyFiles } from '../../src/data/identify.ts';
import { createDatasets, readUserFiles, type UserFilesOptions } from '../../src/index.ts';
import { placed } from './made_files.ts';

interface Part {
  imageShape: number[];
  images: number[];
  labels: number[];
  classNames: string[] | null;
}
interface Case {
  name: string;
  files: Record<string, string>;
  options: UserFilesOptions;
  notes: string[];
  expected: { train: Part; test?: Part; validation?: Part };
}
interface ParquetCase extends Pick<Case, 'name' | 'files' | 'options'> {
  pictures: string[];
  classes: string[];
  classNames?: string[];
}

/** Written by Python programs; see test/fixtures/make_data_fixtures.py. */
const {
  cases,
  tables,
  parquet,
}: { cases: Case[]; tables: { name: string; content: string; rows: string[][] }[]; parquet: ParquetCase[] } =
  JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/data_files.json'), 'utf8'));

const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const filesOf = (files: Record<string, string>) =>
  placed(Object.fromEntries(Object.entries(files).map(([path, content]) => [path, bytes(content)])));

describe('files written by NumPy, SciPy, csv, zipfile and tarfile', () => {
  test.each(cases)('$name', async ({ files, options, notes, expected }) => {
    const read = await readUserFiles(filesOf(files), options);
    for (const [part, { imageShape, images, labels, classNames }] of Object.entries(expected) as [
      keyof Case['expected'],
      Part,
    ][]) {
      const found = read[part]!;
      expect(found.imageShape, part).toEqual(imageShape);
      expect(Array.from(found.labels), part).toEqual(labels);
      expect(Array.from(found.images), part).toEqual(images);
      if (classNames)
        expect(createDatasets(read)[part === 'train' ? 'train' : 'test'].classNames, part).toEqual(classNames);
    }
    for (const note of notes) expect(read.report.notes.join('\n')).toContain(note);
  });
});

test.each(tables)("Python's csv module reads the same rows: $name", ({ content, rows }) => {
  const text = new TextDecoder().decode(bytes(content));
  for (const piece of [1, 3, text.length]) {
    const reader = new CsvReader(separatorOf(text));
    const read: CsvRow[] = [];
    for (let at = 0; at < text.length; at += piece) read.push(...reader.push(text.slice(at, at + piece)));
    read.push(...reader.end()!);
    expect(
      read.map(({ cells }) => cells),
      `in pieces of ${piece}`,
    ).toEqual(rows);
    // The line in an error: each row begins with its first cell there.
    const lines = text.split(/\r\n|\n|\r/);
    for (const { line, cells } of read)
      expect(lines[line - 1]!.replaceAll('"', '')).toContain(cells[0]!.replaceAll('"', ''));
  }
});

test('a row of separators is kept, and an empty line is skipped, whether or not other rows have quotes', () => {
  for (const [separator, empty] of [
    [',', ',,'],
    [';', ' ; ;'],
    ['\t', '\t\t'],
  ] as const) {
    for (const first of ['a', '"a"']) {
      const reader = new CsvReader(separator);
      const rows = reader.push([first, empty, '', '  ', '1', ''].join('\n'));
      expect(rows).toEqual([
        { line: 1, cells: ['a'] },
        { line: 2, cells: ['', '', ''] },
        { line: 5, cells: ['1'] },
      ]);
    }
  }
});

describe('Parquet files written by pyarrow', () => {
  test.each(parquet)('$name', async ({ files, options, pictures, classes, classNames }) => {
    const read = await picturesInParquet(await identifyFiles(filesOf(files)), options);
    expect(read.placed.map(({ className }) => className)).toEqual(classes);
    expect(read.classNames).toEqual(classNames);
    for (const [i, { file }] of read.files.entries()) {
      expect(Buffer.from(await file.arrayBuffer()).toString('base64')).toBe(pictures[i]);
    }
  });
});
