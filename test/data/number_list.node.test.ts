import { describe, expect, test } from 'vitest';
import { fingerprint, fingerprintOf } from '../../src/data/fingerprint.ts';
import { createDatasets } from '../../src/data/index.ts';
import { parseNumberList } from '../../src/data/number_list.ts';
import { DataError } from '../../src/errors.ts';

const parsed = (text: string) => parseNumberList(new TextEncoder().encode(text), 'weights');

/** Written as by numpy.save. */
function npy(descr: string, shape: string, numbers: ArrayBufferView, version = 1): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const at = version === 1 ? 10 : 12;
  const length = Math.ceil((at + header.length + 1) / 64) * 64 - at;
  const file = new Uint8Array(at + length + numbers.byteLength).fill(0x20, at);
  file.set([0x93, ...new TextEncoder().encode('NUMPY'), version, 0]);
  const view = new DataView(file.buffer);
  if (version === 1) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  file.set(new TextEncoder().encode(header), at);
  file.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), at + length);
  return file;
}

describe('a list of numbers', () => {
  test.each<[string, string, number[]]>([
    ['a number a line', '1\n0.5\n2e1\n', [1, 0.5, 20]],
    ['under a heading, in quotes, with empty lines', '"weight"\r\n"1"\r\n\r\n2\r\n', [1, 2]],
    ['all in one line', '1, 2,3', [1, 2, 3]],
    ['a column of a table', 'file;sample_weight;age\na.png;0.5;30\nb.png;1;40\n', [0.5, 1]],
    ['JSON', ' [1, 0.25, 0]', [1, 0.25, 0]],
    ['nothing but a heading', 'weight\n', []],
  ])('%s', (_, text, numbers) => expect(parsed(text)).toEqual(numbers));

  test.each<[string, Uint8Array, number[]]>([
    ['float32', npy('<f4', '(3,)', Float32Array.of(0.5, 1, 2)), [0.5, 1, 2]],
    ['float64, a column, version 2', npy('<f8', '(2, 1)', Float64Array.of(0.1, 7), 2), [0.1, 7]],
    ['int64', npy('<i8', '(2,)', BigInt64Array.of(3n, 1n)), [3, 1]],
    ['booleans', npy('|b1', '(3,)', Uint8Array.of(1, 0, 1)), [1, 0, 1]],
    ['big-endian', npy('>i2', '(1,)', Uint8Array.of(1, 2)), [258]],
  ])('.npy of %s', (_, bytes, numbers) => expect(parseNumberList(bytes, 'weights.npy')).toEqual(numbers));

  test.each<[string, Uint8Array | string, string]>([
    ['an empty file', '', 'nothing in it'],
    ['a word among numbers', 'weight\n1\nmuch\n', '"much" in line 3'],
    ['a table without such a column', 'file,age\na,3\nb,4', '2 columns: file, age'],
    ['a table without headings', '1,2\n3,4', '2 columns'],
    ['a row too short', 'file,weight\na,1\nb', 'an empty cell in line 3'],
    ['JSON with a text', '[1, "2"]', '"2" at position 1'],
    ['JSON that is truncated', '[1, 2', 'JSON'],
    ['a matrix', npy('<f4', '(2, 2)', new Float32Array(4)), 'the shape (2, 2)'],
    ['complex numbers', npy('<c8', '(1,)', new Float32Array(2)), 'c8'],
    ['a file that is truncated', npy('<f4', '(9,)', new Float32Array(3)), 'by its header'],
  ])('rejected: %s', (_, given, found) => {
    const bytes = typeof given === 'string' ? new TextEncoder().encode(given) : given;
    let thrown: unknown;
    try {
      parseNumberList(bytes, 'weights');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DataError);
    const { parts, exitCode } = thrown as DataError;
    expect({ what: parts.what, exitCode }).toEqual({ what: 'weights is not a list of numbers', exitCode: 2 });
    expect(parts.found).toContain(found);
  });
});

test('the fingerprint of a data set depends on its weights, and without weights is the same as before', async () => {
  const part = { images: Uint8Array.of(1, 2, 3, 4), labels: [0, 1], imageShape: [1, 2, 1] };
  const of = (sampleWeights?: number[]) =>
    fingerprint(createDatasets({ train: { ...part, ...(sampleWeights && { sampleWeights }) }, test: part }));
  expect(await of()).toBe('d9aa242f8c3f20d1');
  const all = await Promise.all([of(), of([1, 1]), of([1, 2]), fingerprintOf(Float32Array.of(1, 2))]);
  expect(new Set(all).size).toBe(4);
  expect(await of([1, 2])).toBe(all[2]);
});
