import { describe, expect, test } from 'vitest';
import { identifyFiles } from '../../src/data/identify.ts';
import { readLabelTables } from '../../src/data/label_table.ts';
import { DataError } from '../../src/index.ts';
import { bytesOf, placed } from './made_files.ts';

const png = bytesOf('\x89PNG\r\n\x1a\n and no picture');

const read = async (pictures: readonly string[], tables: Record<string, string>) =>
  readLabelTables(
    await identifyFiles(placed({ ...Object.fromEntries(pictures.map((path) => [path, png])), ...tables })),
  );

const numbers = async (pictures: readonly string[], tables: Record<string, string>) => {
  const table = await read(pictures, tables);
  return table && { names: table.names, of: Object.fromEntries(table.of) };
};

const three = ['all/1.png', 'all/2.png', 'all/3.png'];
const expected = {
  names: ['age (years)', 'size'],
  of: { 'all/1.png': [1, -2], 'all/2.png': [3, 0.5], 'all/3.png': [5, 1e3] },
};

test.each<[string, Record<string, string>]>([
  ['names with endings', { 'all/labels.csv': 'file,age (years),size\n1.png,1,-2\n2.png,3,0.5\n3.png,5,1e3\n' }],
  [
    'names without, semicolons, CRLF, a mark of byte order',
    { 'l.csv': '\uFEFFid;age (years);size\r\n1;1;-2\r\n2;3;0.5\r\n3;5;1e3' },
  ],
  ['paths, tabs', { 'l.tsv': 'age (years)\tsize\tpath\n1\t-2\tall/1.png\n3\t0.5\tall/2.png\n5\t1e3\tall/3.png\n' }],
  [
    'quotes, spaces, an empty line',
    { 'l.csv': '"file","age (years)","size"\n"1.png", 1 ,"-2"\n\n./2.png,3,0.5\n3.png,5,1e3\n' },
  ],
])('a table next to pictures: %s', async (_, tables) => {
  expect(await numbers(three, tables)).toEqual(expected);
});

test('a table without headings has numbered columns; tables of the splits are joined', async () => {
  const table = await read(['train/1.png', 'train/2.png', 'test/1.png'], {
    'train/labels.csv': '1.png,0.5\n2.png,0.25\n',
    'test/labels.csv': '1.png,7\n',
  });
  expect(table?.names).toEqual(['1']);
  expect(Object.fromEntries(table!.of)).toEqual({ 'train/1.png': [0.5], 'train/2.png': [0.25], 'test/1.png': [7] });
});

test('text columns and rows of other pictures are left out and reported', async () => {
  const table = await read(three, { 'l.csv': 'file,color,x\n1.png,red,1\n2.png,blue,2\n3.png,red,3\n4.png,red,4\n' });
  expect(table).toMatchObject({ names: ['x'], from: ['l.csv'] });
  expect(table?.notes).toEqual([
    'columns of l.csv without numbers: color',
    '1 row of l.csv that do not match a picture',
  ]);
});

describe('is not a table of labels', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['that names few of the pictures', [...three, 'all/4.png', 'all/5.png'], { 'l.csv': 'file,x\n1.png,1\n9.png,2\n' }],
    ['that is text', three, { 'readme.txt': 'Three pictures.\n' }],
  ])('one %s', async (_, pictures, tables) => {
    expect(await read(pictures, tables)).toBeUndefined();
  });
});

test.each<[string, Record<string, string>, string]>([
  ['without numbers', { 'l.csv': 'file,color\n1.png,red\n2.png,red\n3.png,red\n' }, 'no column of numbers'],
  ['with an empty cell', { 'l.csv': 'file,x\n1.png,1\n2.png,\n3.png,3\n' }, 'l.csv lacks a number of all/2.png'],
  [
    'of two that differ',
    { 'l.csv': 'file,x\n1.png,1\n2.png,2\n', 'm.csv': 'file,y\n3.png,3\n1.png,3\n' },
    'have different columns of numbers',
  ],
])('a table %s is rejected with what it lacks', async (_, tables, words) => {
  const error = await read(three, tables).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DataError);
  expect((error as Error).message).toContain(words);
});
