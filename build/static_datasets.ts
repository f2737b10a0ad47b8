import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Plugin } from 'vite';
import { readDatasets } from '../src/cli/datasets.ts';
import { takeFirst } from '../src/data/index.ts';
import { mnistPart } from '../src/data/mnist_part.ts';
import { servedListFile } from '../src/data/served_datasets.ts';
import { pageRoot, root } from './root.ts';

/**
 * The data sets of a server that only serves files: a part of MNIST as gzipped IDX files, and a list without any complete data set. `wgrad
 * dev` and Vite answer with their own lists.
 */
export const staticDatasets: Plugin = {
  name: 'wgrad-static-datasets',
  apply: ({ root }, { command }) => command === 'build' && root === pageRoot,
  async generateBundle() {
    const emit = (fileName: string, source: string | Uint8Array) => this.emitFile({ type: 'asset', fileName, source });
    const whole = await readDatasets('mnist');
    // What repeats in these images is in the rows just before. The smallest window has the shortest codes for distances and saves 2 %.
    const pack = async (name: string, file: Uint8Array) =>
      emit(mnistPart.folder + name, await promisify(gzip)(file, { level: 9, memLevel: 9, windowBits: 9 }));
    await Promise.all(
      (['train', 'test'] as const).flatMap((part) => {
        const { images, labels, imageShape, count } = takeFirst(whole[part], mnistPart[part].count);
        const [height, width] = imageShape;
        const names = mnistPart.files[part];
        return [
          pack(names.images, idx([count, height, width], images)),
          pack(names.labels, idx([count], Uint8Array.from(labels))),
        ];
      }),
    );
    emit(`${mnistPart.folder}NOTICE.md`, readFileSync(resolve(root, 'data/MNIST-NOTICE.md')));
    emit(servedListFile, '{}\n');
  },
};

/** Encodes bytes as an IDX file. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.from([0, 0, 0x08, shape.length, ...shape.flatMap(() => [0, 0, 0, 0])]);
  for (const [i, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, data]);
}
