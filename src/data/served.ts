import { DataError } from '../errors.ts';
import { createDataset, type TrainAndTest } from './dataset.ts';

export type { TrainAndTest } from './dataset.ts';

/**
 * Gets a data set that the server of this page holds: /datasets/<name> has its facts as JSON, and behind that
 * /<train|test>/<images|labels> are the bytes. Throws a DataError with the server's words where it has none.
 */
export async function fetchDatasets(name: string, signal?: AbortSignal): Promise<TrainAndTest> {
  const at = `/datasets/${encodeURIComponent(name)}`;
  const { imageShape, classNames } = await (await get(at, signal)).json();
  const bytes = async (path: string) => new Uint8Array(await (await get(`${at}/${path}`, signal)).arrayBuffer());
  const part = async (part: string) => {
    const [images, labels] = await Promise.all([bytes(`${part}/images`), bytes(`${part}/labels`)]);
    return createDataset({ images, labels, imageShape, classNames });
  };
  const [train, test] = await Promise.all([part('train'), part('test')]);
  return { train, test };
}

async function get(path: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, { signal });
  if (response.ok) return response;
  throw new DataError({
    what: `The data at ${path} cannot be had`,
    found: `${response.status}: ${await response.text()}`,
  });
}
