import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';
import { type Dataset, type DatasetName, datasetNames, isDatasetName, type TrainAndTest } from '../data/index.ts';
import { packFiles } from '../data/packed_files.ts';
import { type DatasetFacts, type ServedList, servedListFile } from '../data/served_datasets.ts';
import { DataError, type ErrorParts, suggest, WgradError } from '../errors.ts';
import { picturesOf, sourceOfImages } from '../image_source.ts';
import type { InstallOptions } from './apt.ts';
import { absenceOf, readDatasets } from './datasets.ts';

type Next = () => void;

/**
 * Answers the requests of `fetchDatasets` in src/data/served_datasets.ts. POST /datasets/<name>/<train|test>/images returns the
 * images at the indices in its body; if the images are encoded pictures, POST /datasets/<name>/<train|test>/pictures returns their
 * files. GET /datasets/<name> returns the facts as JSON, /datasets/<name>/<train|test>/<images|labels|targets|sampleWeights> the
 * bytes. /datasets.json lists the available data sets, and why the others are missing.
 *
 * @param absence returns why a data set is not on this machine; called again for each list.
 */
export function datasetRoutes(
  find: (name: string) => Promise<TrainAndTest>,
  absence: (name: DatasetName) => ErrorParts | undefined = absenceOf,
) {
  return async (request: IncomingMessage, response: ServerResponse, next: Next): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === `/${servedListFile}` && request.method === 'GET') {
      const list: ServedList = Object.fromEntries(datasetNames.map((name) => [name, absence(name) ?? null]));
      return send(response, 'application/json', JSON.stringify(list));
    }
    const asked = /^\/datasets\/([\w-]+)\/(train|test)\/(images|pictures)$/.exec(pathname);
    if (asked && request.method === 'POST') {
      const [, name, part, kind] = asked as unknown as [string, string, 'train' | 'test', 'images' | 'pictures'];
      return sendImages(find(name), part, kind, request, response);
    }
    const match = /^\/datasets\/([\w-]+)(?:\/(train|test)\/(images|labels|targets|sampleWeights))?$/.exec(pathname);
    if (!match || request.method !== 'GET') return next();
    const [, name, part, field] = match;
    try {
      const pair = await find(name!);
      if (part) {
        const values = pair[part as 'train' | 'test'][field as 'images' | 'labels' | 'targets' | 'sampleWeights'];
        if (!values) return next();
        const { buffer, byteOffset, byteLength } = values;
        send(response, 'application/octet-stream', new Uint8Array(buffer, byteOffset, byteLength));
      } else send(response, 'application/json', JSON.stringify(facts(name!, pair)));
    } catch (error) {
      response.statusCode = error instanceof WgradError && error.exitCode === 2 ? 404 : 500;
      send(response, 'text/plain; charset=utf-8', error instanceof Error ? error.message : String(error));
    }
  };
}

/**
 * Sends the images at the indices in the request's body, four bytes each, or their encoded files: a page that cannot hold all images
 * requests the next ones.
 */
async function sendImages(
  pair: Promise<TrainAndTest>,
  part: 'train' | 'test',
  kind: 'images' | 'pictures',
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const dataset = (await pair)[part];
    const body: Buffer[] = [];
    for await (const chunk of request) body.push(chunk);
    const indices = new Uint32Array(Uint8Array.from(Buffer.concat(body)).buffer);
    const beyond = indices.find((index) => index >= dataset.count);
    if (beyond !== undefined) throw new DataError({ what: `There is no image ${beyond}`, found: dataset.count });
    const read = kind === 'images' ? sourceOfImages(dataset).read(indices) : filesOf(dataset, indices);
    send(response, 'application/octet-stream', await read);
  } catch (error) {
    response.statusCode = 400;
    send(response, 'text/plain; charset=utf-8', error instanceof Error ? error.message : String(error));
  }
}

/** The encoded pictures of the images at these indices, unchanged. */
async function filesOf({ source }: Dataset, indices: Uint32Array): Promise<Uint8Array> {
  const { pictures } = picturesOf(source) ?? {};
  if (!pictures) throw new DataError({ what: 'The images of this data set are not pictures in files' });
  const files = [...indices].map(async (index) => new Uint8Array(await pictures[index]!.file.arrayBuffer()));
  return packFiles(await Promise.all(files));
}

function facts(name: string, { train, test }: TrainAndTest) {
  const { imageShape, classNames, targetNames } = train;
  const part = ({ count, sampleWeights, source }: Dataset) => {
    const encoded = picturesOf(source);
    return {
      count,
      ...(sampleWeights && { isWeighted: true }),
      ...(encoded && { pictures: encoded.fit, levels: encoded.levels }),
    };
  };
  return {
    name,
    imageShape,
    classNames,
    ...(targetNames && { targetNames }),
    train: part(train),
    test: part(test),
  } satisfies DatasetFacts & { name: string };
}

function send(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.setHeader('content-type', type);
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
}

/** Reads each known data set once. */
export function knownDatasets(options: InstallOptions = {}): (name: string) => Promise<TrainAndTest> {
  const read = new Map<string, Promise<TrainAndTest>>();
  return (name) => {
    const promise = read.get(name) ?? readKnown(name, options);
    read.set(name, promise);
    promise.catch(() => read.delete(name));
    return promise;
  };
}

/** Only named data sets are served, because a page must not read folders. */
async function readKnown(name: string, options: InstallOptions): Promise<TrainAndTest> {
  if (isDatasetName(name)) return readDatasets(name, options);
  const expected = datasetNames.join(', ');
  throw new DataError({ what: 'Unknown data set', found: name, expected, fix: suggest(name, datasetNames) });
}

/** Serves the data sets together with Vite's page. */
export function datasetServer(options: InstallOptions = {}): Plugin {
  const routes = datasetRoutes(knownDatasets(options), (name) => absenceOf(name, options));
  return {
    name: 'wgrad-datasets',
    configureServer: (server) => void server.middlewares.use(routes),
    configurePreviewServer: (server) => void server.middlewares.use(routes),
  };
}
