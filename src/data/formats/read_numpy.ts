import { DataError } from '../../errors.ts';
import type { IdentifiedFile } from '../identify.ts';
import { type NpyArray, parseNpy } from '../npy.ts';
import type { UserDataset } from '../reading_report.ts';
import type { UserFilesOptions } from '../user_files.ts';
import { pairArrays } from './array_pairs.ts';
import { bytesOf, type FileReport } from './split_files.ts';

export async function readNumpyFiles(
  files: readonly IdentifiedFile[],
  options: UserFilesOptions,
): Promise<UserDataset> {
  const report: FileReport = { format: 'NumPy', ignored: [], notes: [] };
  const arrays: (NpyArray & { path: string })[] = [];
  for (const file of files) {
    // One of several errors is enough: an unrelated array may be next to those of the images.
    try {
      arrays.push({ path: file.path, ...parseNpy(await bytesOf(file, report), file.path) });
    } catch (error) {
      if (!(error instanceof DataError) || files.length === 1) throw error;
      report.ignored.push({ path: file.path, reason: `${error.parts.what}: ${error.parts.found}` });
    }
  }
  return pairArrays(arrays, report, options);
}
