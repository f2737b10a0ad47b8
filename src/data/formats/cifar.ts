import { parseCifar10Parts } from '../cifar.ts';
import type { DatasetParts } from '../dataset.ts';
import type { IdentifiedFile } from '../identify.ts';
import type { UserDataset } from '../reading_report.ts';
import type { Split } from '../splits.ts';
import { type DataFormat, havePictureClasses, ofKind } from './data_format.ts';
import {
  assemble,
  bySplit,
  bytesOf,
  type FileReport,
  haveSameBytes,
  oneOf,
  plainName,
  type Read,
} from './split_files.ts';

const isBatchName = (path: string) => /(data|test)_batch[^/]*\.bin(\.gz)?$/i.test(path);

/** The binary version of CIFAR-10. */
export const cifar10Format: DataFormat = {
  readable: 'the binary version of CIFAR-10 (data_batch_*.bin, test_batch.bin)',
  async claim(files, { options }) {
    const cifar = ofKind(files, 'cifar10');
    // Truncated batches can't be recognized by their content. Claim them by name, so that the reader reports what is wrong.
    const cut = ofKind(files, 'other').filter(({ path }) => isBatchName(path));
    const batches = [...cifar, ...cut];
    const areNamed = cifar.some(({ path }) => isBatchName(path));
    if (!areNamed && (batches.length === 0 || havePictureClasses(files))) return undefined;
    return { files: batches, read: () => readCifarFiles(batches, options.validationSplit) };
  },
};

/** Reads batches of CIFAR-10's binary version. */
async function readCifarFiles(files: readonly IdentifiedFile[], validationSplit?: number): Promise<UserDataset> {
  const report: FileReport = { format: 'CIFAR-10', ignored: [], notes: [] };
  const parts: Partial<Record<Split, DatasetParts>> = {};
  const from: Partial<Record<Split, string[]>> = {};
  for (const [split, ofSplit] of bySplit(files)) {
    const batches: Read<Uint8Array>[] = [];
    const byName = new Map<string, IdentifiedFile[]>();
    for (const file of ofSplit) byName.set(plainName(file), [...(byName.get(plainName(file)) ?? []), file]);
    for (const candidates of byName.values()) {
      batches.push(await oneOf(candidates, (file) => bytesOf(file, report), haveSameBytes, report));
    }
    from[split] = batches.map(({ path }) => path);
    parts[split] = parseCifar10Parts(
      batches.map(({ content }) => content),
      from[split],
    );
  }
  return assemble(parts, from, report, validationSplit);
}
