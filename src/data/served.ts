import { DataError } from '../errors.ts';
import { createDatasets, type ImageShape, type TrainAndTest } from './dataset.ts';

export type { TrainAndTest } from './dataset.ts';

/** What is known of a data set before its bytes are there. */
export interface DatasetFacts {
  imageShape: ImageShape;
  classNames: string[];
  train: { count: number };
  test: { count: number };
}

const addressOf = (name: string) => `/datasets/${encodeURIComponent(name)}`;

/** Asks the server of this page about a data set. Throws a DataError with the server's words where it has none. */
export async function fetchFacts(name: string, signal?: AbortSignal): Promise<DatasetFacts> {
  const response = await get(addressOf(name), signal);
  // A server of single pages answers any address with its page.
  if (hasType(response, 'application/json')) return response.json();
  throw new DataError({
    what: `The server of this page has no data set ${name}`,
    found: `${response.headers.get('content-type')} at ${addressOf(name)}`,
    wanted: 'JSON with the facts of the data set',
  });
}

/**
 * Gets a data set that the server of this page holds: /datasets/<name> has its facts as JSON, and behind that
 * /<train|test>/<images|labels> are the bytes. Throws a DataError with the server's words where it has none.
 */
export async function fetchDatasets(name: string, signal?: AbortSignal): Promise<TrainAndTest> {
  const at = addressOf(name);
  const { imageShape, classNames } = await fetchFacts(name, signal);
  const bytes = async (path: string) => new Uint8Array(await (await get(`${at}/${path}`, signal)).arrayBuffer());
  const part = async (part: string) => {
    const [images, labels] = await Promise.all([bytes(`${part}/images`), bytes(`${part}/labels`)]);
    return { images, labels, imageShape, classNames };
  };
  const [train, test] = await Promise.all([part('train'), part('test')]);
  return createDatasets({ train, test });
}

async function get(path: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(path, { signal }).catch((cause) => {
    if (signal?.aborted) throw cause;
    throw new DataError(
      {
        what: `The server of this page does not answer at ${path}`,
        found: String(cause),
        fix: 'see whether it still runs',
      },
      { cause },
    );
  });
  if (response.ok) return response;
  throw new DataError({
    what: `The data at ${path} cannot be had`,
    found: hasType(response, 'text/plain') ? `${response.status}: ${await response.text()}` : response.status,
  });
}

const hasType = (response: Response, type: string) => response.headers.get('content-type')?.startsWith(type) ?? false;
