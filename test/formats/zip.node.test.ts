import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import { packZip } from '../../src/formats/zip.ts';
import { temporaryFolder } from '../cli/wgrad.ts';
import { hasPython, runPython } from './python.ts';

const text = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7919) % 251);
const files = [
  { name: 'model.json', bytes: text(70_001) },
  { name: 'größe/α.bin', bytes: text(3) },
  { name: 'empty.bin', bytes: new Uint8Array() },
];

test('a packed archive has every file, and is the same every time', () => {
  const packed = packZip(files);
  expect(unzipSync(packed)).toEqual(Object.fromEntries(files.map(({ name, bytes }) => [name, bytes])));
  expect(packZip(files)).toEqual(packed);
  expect(unzipSync(packZip([]))).toEqual({});
});

test.skipIf(!hasPython('zipfile'))('Python finds the checksums and names right', () => {
  const [path, code] = ['packed.zip', 'read.py'].map((name) => join(temporaryFolder(), name)) as [string, string];
  writeFileSync(path, packZip(files));
  writeFileSync(
    code,
    'import json, sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nprint(json.dumps([z.testzip(), [[i.filename, i.file_size, list(i.date_time)] for i in z.infolist()]]))',
  );
  const expected = files.map(({ name, bytes }) => [name, bytes.length, [1980, 1, 1, 0, 0, 0]]);
  expect(runPython(code, path)).toEqual([null, expected]);
});
