import { unpackFiles } from '../../data/packed_files.ts';
import { type EncodedPictureOptions, encodedPictures } from '../../data/picture_source.ts';
import { fetchDatasets, get } from '../../data/served_datasets.ts';
import type { ImageSource } from '../../image_source.ts';
import { product } from '../../product.ts';

/** Number of pictures that are fetched with one request. */
const mostInBatch = 16;

/** Pictures that the command serves: they are fetched and decoded when they are needed for training. */
function servedPictures(at: string, how: EncodedPictureOptions): ImageSource {
  const bytes = product(how.imageShape);
  const fetchBatch = async (indices: Uint32Array) => {
    const response = await get(at, { method: 'POST', body: Uint32Array.from(indices) });
    return unpackFiles(new Uint8Array(await response.arrayBuffer()), indices.length);
  };
  return {
    kind: 'pictures',
    read: async (indices) => {
      const images = new Uint8Array(indices.length * bytes);
      const batchAt = (first: number) => indices.subarray(first, first + mostInBatch);
      let next = fetchBatch(batchAt(0));
      for (let first = 0; first < indices.length; first += mostInBatch) {
        const files = await next;
        // The next batch is fetched while this one is decoded. If that fails, it is reported when it is awaited.
        next = fetchBatch(batchAt(first + mostInBatch));
        next.catch(() => undefined);
        const pictures = files.map((file, i) => ({ path: `${at}/${indices[first + i]}`, file: new Blob([file]) }));
        const decoded = await encodedPictures(pictures, how).read(Uint32Array.from(pictures.keys()));
        images.set(decoded, first * bytes);
      }
      return images;
    },
  };
}

/** The data set that the command serves for its run. */
export const fetchServed = () => fetchDatasets('run', { servedPictures });
