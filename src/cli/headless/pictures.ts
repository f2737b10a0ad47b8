import { inParallel } from '../../data/in_parallel.ts';
import { unpackFiles } from '../../data/packed_files.ts';
import { browserDecoder, type ImageForm, picturesAtOnce } from '../../data/picture_decoder.ts';
import { fetchFile } from '../../data/served_datasets.ts';
import type { DecodedBatch } from './protocol.ts';

const decoder = browserDecoder();
/**
 * Decoding of the previous batch. A batch is fetched while the previous one is being decoded, but is not decoded before that has finished.
 */
let before: Promise<unknown> = Promise.resolve();

/** Decodes a batch of pictures that the command serves, and sends their pixels back. */
export async function decodeServed(batch: number, count: number, form: ImageForm): Promise<DecodedBatch> {
  const packed = fetchFile(`pictures/${batch}`);
  const decoding = before.then(async () => decodeAll(unpackFiles(await packed, count), form));
  before = decoding.catch(() => undefined);
  const { sizes, pixels } = await decoding;
  await fetch(`images/${batch}`, { method: 'POST', body: pixels });
  return sizes;
}

async function decodeAll(files: readonly Uint8Array<ArrayBuffer>[], form: ImageForm) {
  const bytes = 3 * form.size[0] * form.size[1];
  const pixels = new Uint8Array(files.length * bytes);
  const sizes = await inParallel(files, picturesAtOnce, async (file, at) => {
    try {
      const decoded = await decoder.decode(new Blob([file]), form);
      pixels.set(decoded.pixels, at * bytes);
      return { width: decoded.width, height: decoded.height };
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return { failed: error.message };
    }
  });
  return { sizes, pixels };
}
