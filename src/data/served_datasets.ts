import { DataError, type ErrorParts } from '../errors.ts';
import type { ImageSource, PictureLevels } from '../image_source.ts';
import type { PictureFit } from '../picture_fit.ts';
import { bytesAnImage, createDatasets, type ImageShape, labelsFrom, type TrainAndTest } from './dataset.ts';
import type { EncodedPictureOptions } from './picture_source.ts';

export type { TrainAndTest } from './dataset.ts';

/** Facts about a data set that are available before its bytes are loaded. */
export interface DatasetFacts {
  imageShape: ImageShape;
  /** Empty if the images have targets instead of classes. */
  classNames: string[];
  /** Names of the target values. */
  targetNames?: string[];
  /** Whether all target values are 0 or 1. */
  areYesOrNo?: boolean;
  train: PartFacts;
  test: PartFacts;
}

interface PartFacts {
  count: number;
  /** Whether the samples have weights. */
  isWeighted?: boolean;
  /**
   * Set if the images are encoded pictures, with how they are fitted: each is fetched and decoded when it is needed for training.
   */
  pictures?: PictureFit;
  /** The range that 16-bit pictures are stretched from. */
  levels?: PictureLevels | undefined;
}

/** Parts of at most this many bytes of images are fetched at once; images of larger parts are fetched on demand. */
const mostFetchedBytes = 2 ** 29;

/** The state of each data set on a server, by name: null if it is complete, otherwise the reason why it is not. */
export type ServedList = Record<string, ErrorParts | null>;

/** File next to the page that contains the `ServedList`; it is empty on a server that has only the page's files. */
export const servedListFile = 'datasets.json';

/** @param base URL of the page's folder, with a trailing slash. */
export async function fetchServedList(base: string): Promise<ServedList> {
  // Not cached, because the list changes as soon as a data set is downloaded on the server.
  const response = await get(base + servedListFile, { cache: 'no-cache' });
  const list: unknown = hasType(response, 'application/json') ? await response.json() : undefined;
  return typeof list === 'object' && list !== null ? (list as ServedList) : {};
}

const addressOf = (name: string, base: string) => `${base}datasets/${encodeURIComponent(name)}`;

/**
 * Requests the facts of a data set from the page's server. Throws a DataError with the server's message if it is not available.
 *
 * @param base URL of the page's folder, with a trailing slash.
 */
export async function fetchFacts(name: string, signal?: AbortSignal, base = '/'): Promise<DatasetFacts> {
  const response = await get(addressOf(name, base), { signal });
  // Servers of single-page apps answer unknown URLs with the page.
  if (hasType(response, 'application/json')) return response.json();
  throw new DataError({
    what: `The server of this page has no data set ${name}`,
    found: `${response.headers.get('content-type')} at ${addressOf(name, base)}`,
    expected: 'JSON with the facts of the data set',
  });
}

interface FetchOptions {
  signal?: AbortSignal | undefined;
  /** URL of the page's folder, with a trailing slash. Default `/`. */
  base?: string;
  /** Makes the source of images that are pictures in files; only the command serves such data sets. */
  servedPictures?: (at: string, how: EncodedPictureOptions) => ImageSource;
}

/**
 * Fetches a data set from the page's server: /datasets/<name> returns its facts as JSON, and
 * /<train|test>/<images|labels|targets|sampleWeights> below that returns the bytes. Throws a DataError with the server's message if
 * it is not available.
 */
export async function fetchDatasets(
  name: string,
  { signal, base = '/', servedPictures }: FetchOptions = {},
): Promise<TrainAndTest> {
  const at = addressOf(name, base);
  const facts = await fetchFacts(name, signal, base);
  const { imageShape, classNames, targetNames } = facts;
  const bytes = (path: string) => fetchFile(`${at}/${path}`, signal);
  const part = async (part: 'train' | 'test') => {
    const floats = async (field: string, isThere: unknown) =>
      isThere ? new Float32Array((await bytes(`${part}/${field}`)).buffer) : undefined;
    const { count, pictures, levels } = facts[part];
    const isLarge = count * bytesAnImage(imageShape) > mostFetchedBytes;
    const [images, labels, targets, sampleWeights] = await Promise.all([
      isLarge || pictures ? undefined : bytes(`${part}/images`),
      bytes(`${part}/labels`),
      floats('targets', targetNames),
      floats('sampleWeights', facts[part].isWeighted),
    ]);
    // Labels are sent in the server's in-memory format: two bytes each if a byte can't hold all classes.
    const isWide = labelsFrom([], classNames.length) instanceof Uint16Array;
    return {
      ...(images
        ? { images }
        : {
            source: pictures
              ? servedPictures!(`${at}/${part}/pictures`, {
                  imageShape,
                  fit: pictures,
                  ...(levels && { levels }),
                })
              : servedImages(`${at}/${part}/images`),
          }),
      labels: isWide ? new Uint16Array(labels.buffer) : labels,
      imageShape,
      classNames,
      ...(targets && { targets, targetNames }),
      ...(sampleWeights && { sampleWeights }),
    };
  };
  const [train, test] = await Promise.all([part('train'), part('test')]);
  return createDatasets({ train, test });
}

/** Images on a server that are fetched when they are needed for training. */
const servedImages = (path: string): ImageSource => ({
  kind: 'a server',
  read: async (indices) => {
    const response = await get(path, { method: 'POST', body: indices as Uint32Array<ArrayBuffer> });
    return new Uint8Array(await response.arrayBuffer());
  },
});

/** Fetches the bytes of a file. Throws a DataError with the server's message if there is none. */
export async function fetchFile(path: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const response = await get(path, { signal });
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw unanswered(path, cause, signal);
  }
}

export async function get(path: string, init: RequestInit): Promise<Response> {
  const response = await fetch(path, init).catch((cause) => {
    throw unanswered(path, cause, init.signal);
  });
  if (response.ok) return response;
  throw new DataError({
    what: `The server of this page has no data at ${path}`,
    found: hasType(response, 'text/plain') ? `${response.status}: ${await response.text()}` : response.status,
  });
}

/** The error to throw if the server can't be reached or closes the connection in the middle of a response. */
function unanswered(path: string, cause: unknown, signal?: AbortSignal | null): unknown {
  if (signal?.aborted) return cause;
  return new DataError(
    {
      what: `The server of this page does not answer at ${path}`,
      found: String(cause),
      fix: 'check the network connection and whether the server is still running, then try again',
    },
    { cause },
  );
}

const hasType = (response: Response, type: string) => response.headers.get('content-type')?.startsWith(type) ?? false;
