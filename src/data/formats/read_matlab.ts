import { DataError } from '../../errors.ts';
import { product } from '../../product.ts';
import type { IdentifiedFile } from '../identify.ts';
import { type Matrix, parseMat } from '../mat.ts';
import { inRows } from '../npy.ts';
import type { UserDataset } from '../reading_report.ts';
import type { UserFilesOptions } from '../user_files.ts';
import { type NamedArray, pairArrays } from './array_pairs.ts';
import { bytesOf, type FileReport } from './split_files.ts';

/**
 * Reads files with a matrix of images and one of labels. In SVHN's files the images are along the last axis, and the digit 0 has
 * the label 10.
 */
export async function readMatlabFiles(
  files: readonly IdentifiedFile[],
  options: UserFilesOptions,
): Promise<UserDataset> {
  const report: FileReport = { format: 'MATLAB', ignored: [], notes: [] };
  const arrays: NamedArray[] = [];
  const svhn = new Set<NamedArray>();
  for (const file of files) {
    const { path } = file;
    const { matrices, others } = parseMat(await bytesOf(file, report), path);
    if (matrices.length === 0) {
      throw new DataError({
        what: `${path} does not contain a numeric matrix`,
        found: others.length ? `structures, cells or strings: ${others.join(', ')}` : 'no variable',
        expected: 'X with the images (height x width x channels x count) and y with their labels, as SVHN has them',
        fix: "save only the matrices: save('train.mat', 'X', 'y', '-v7')",
      });
    }
    const count = Math.max(...matrices.filter(isVector).map(({ shape }) => Math.max(...shape)), 0);
    for (const one of matrices) {
      const array = { ...arranged(one, count), path: `${path}/${one.name}.mat` };
      arrays.push(array);
      if (/32x32/.test(path) && one.name === 'y') svhn.add(array);
    }
    if (others.length) report.notes.push(`variables of ${path} that are not numeric: ${others.join(', ')}`);
  }
  for (const array of svhn) {
    const values = array.data as Uint8Array;
    if (!values.includes(10)) continue;
    array.data = values.map((value) => value % 10);
    report.notes.push(`${array.path}: the label 10 is the digit 0`);
  }
  return pairArrays(arrays, report, options);
}

const isVector = ({ shape }: Matrix) => shape.filter((n) => n !== 1).length <= 1;

/** Moves the image axis to the front. It is the axis whose length is the number of labels. */
function arranged(matrix: Matrix, count: number): Pick<NamedArray, 'shape' | 'data'> {
  const { shape, data } = matrix;
  if (isVector(matrix)) return { shape: [data.length], data };
  const Type = data.constructor as new (length: number) => typeof data;
  // MATLAB's first axis is innermost. If the image axis is last, reversing the order of the axes is enough.
  if (shape.at(-1) === count && !(shape.length === 2 && shape[0] === count)) {
    const each = shape.slice(0, -1);
    const size = product(each);
    const turned = new Type(data.length);
    for (let i = 0; i < count; i++) turned.set(inRows(data.subarray(i * size, (i + 1) * size), each, Type), i * size);
    return { shape: [count, ...each], data: turned };
  }
  return { shape, data: inRows(data, shape, Type) };
}
