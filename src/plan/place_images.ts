import type { WindowSources } from '../augment/batch.ts';
import type { Dataset } from '../data/dataset.ts';
import type { Memory, Slice } from '../gpu/memory.ts';
import type { Recorder } from '../gpu/recorder.ts';
import { submit } from '../gpu/submission.ts';
import { type ImageSource, type ImageUse, sourceOfImages } from '../image_source.ts';
import { product } from '../product.ts';
import { ImageStream, type StreamParts } from './image_stream.ts';
import { type ImageWindow, residencyOf, windowBytes } from './image_window.ts';
import type { PlacedImages } from './input.ts';
import { partnerOf } from './partners.ts';

/** Maximum number of bytes read and uploaded at once, for images that stay on the GPU. */
const mostReadBytes = 32 * 2 ** 20;

/**
 * Places images that can't be uploaded in one call: those that come from a source, exceed a binding, or exceed the memory.
 *
 * @throws ConfigurationError if not even the images of two steps fit; errors of the source are passed on.
 */
export async function placeLargeImages(
  { gpu, memory }: Recorder,
  dataset: Dataset,
  { step, paired, seed, budget }: { step: number; paired: boolean; seed: number; budget?: number },
): Promise<PlacedImages> {
  const { imageShape, count } = dataset;
  const { mostBytes } = memory;
  const residency = residencyOf({
    imageShape,
    count,
    step,
    paired,
    mostBytes,
    ...(budget !== undefined && { budget }),
  });
  const source = sourceOfImages(dataset);
  const facts = { from: source.kind, images: count, bytes: count * product(imageShape) };
  if (residency.kind === 'resident') {
    const images = memory.storage('dataset.images', Math.ceil(facts.bytes / 4));
    await uploadAll(gpu.device, source, dataset, images);
    return { images, use: { kind: 'resident', ...facts, gpuBytes: images.size, buffers: 1 } };
  }
  const { window } = residency;
  const images = memory.storage('dataset.window', windowBytes(window) / 4);
  const { read, buffers, bytes } =
    residency.kind === 'paged'
      ? await pagesOf(gpu.device, memory, source, dataset, window, images)
      : { read: fromHost(gpu.device, source, dataset, window, images), buffers: 1, bytes: 0 };
  const use: ImageUse = {
    ...{ kind: residency.kind === 'paged' ? 'resident' : 'streamed', ...facts },
    ...{ gpuBytes: images.size + bytes, buffers, chunkImages: window.chunk * window.each, chunks: window.chunks },
  };
  return {
    images,
    use,
    window: {
      images: window.chunks * window.chunk * window.each,
      stridePixels: window.stridePixels,
      chunk: window.chunk,
      sourcesOf: (slots) => sourcesOf(memory, slots),
    },
    streamInto: (order) =>
      new ImageStream({
        ...{ device: gpu.device, window, count, order, read },
        ...(paired && { partnerOf: (epoch, image, copy) => partnerOf(seed, epoch, image, copy, count) }),
      }),
  };
}

/** Two lists in one buffer, because augment_draw has no binding left. */
function sourcesOf(memory: Memory, slots: number): WindowSources<Slice> {
  const lists = ['samples', 'places'].map((label) => ({ label: `augment.${label}`, elements: slots }));
  const { all, tensors } = memory.arena('augment.sources', lists);
  const [samples, places] = tensors as [Slice, Slice];
  return { all, samples, places, placesAt: places.offset / 4 };
}

/** Reads all images into one buffer, part by part. */
async function uploadAll(device: GPUDevice, source: ImageSource, dataset: Dataset, into: Slice): Promise<void> {
  const bytes = product(dataset.imageShape);
  // A multiple of four images starts at a word boundary, regardless of their size.
  const atOnce = 4 * Math.max(1, Math.floor(mostReadBytes / (4 * bytes)));
  for await (const { first, read } of parts(source, dataset.count, atOnce)) {
    const padded = read.length % 4 === 0 ? read : new Uint8Array(Math.ceil(read.length / 4) * 4);
    if (padded !== read) padded.set(read);
    device.queue.writeBuffer(into.buffer, into.offset + first * bytes, padded as Uint8Array<ArrayBuffer>);
  }
}

/** All images in order, `atOnce` at a time, reading the next ones in the meantime. */
async function* parts(source: ImageSource, count: number, atOnce: number) {
  const readFrom = (first: number) =>
    source.read(Uint32Array.from({ length: Math.min(atOnce, count - first) }, (_, i) => first + i));
  for (let first = 0, next = readFrom(0); first < count; first += atOnce) {
    const read = await next;
    if (first + atOnce < count) next = readFrom(first + atOnce);
    next.catch(() => undefined); // the code that awaits it gets the error
    yield { first, read };
  }
}

/** Images in the layout of a window: each starts `strideBytes` after the previous one. */
function strided(read: Uint8Array, bytes: number, { strideBytes }: ImageWindow): Uint8Array<ArrayBuffer> {
  if (bytes === strideBytes) return read as Uint8Array<ArrayBuffer>;
  const images = read.length / bytes;
  const spread = new Uint8Array(images * strideBytes);
  for (let i = 0; i < images; i++) spread.set(read.subarray(i * bytes, (i + 1) * bytes), i * strideBytes);
  return spread;
}

/** Copies from the source to the window. */
function fromHost(
  { queue }: GPUDevice,
  source: ImageSource,
  { imageShape }: Dataset,
  window: ImageWindow,
  into: Slice,
): StreamParts['read'] {
  const bytes = product(imageShape);
  return async (indices) => {
    const images = strided(await source.read(indices), bytes, window);
    return (place) => queue.writeBuffer(into.buffer, into.offset + place * window.strideBytes, images);
  };
}

/** All images in buffers of maximum size, from which they are copied to the window. */
async function pagesOf(
  device: GPUDevice,
  memory: Memory,
  source: ImageSource,
  { imageShape, count }: Dataset,
  window: ImageWindow,
  into: Slice,
): Promise<{ read: StreamParts['read']; buffers: number; bytes: number }> {
  const { strideBytes } = window;
  const bytes = product(imageShape);
  const ofPage = Math.floor(memory.mostBytes / strideBytes);
  const pages = Array.from({ length: Math.ceil(count / ofPage) }, (_, page) =>
    memory.storage(`dataset.images_${page}`, (Math.min(ofPage, count - page * ofPage) * strideBytes) / 4),
  );
  const placeOf = (image: number) => ({
    page: pages[Math.floor(image / ofPage)]!,
    offset: (image % ofPage) * strideBytes,
  });
  const atOnce = Math.max(1, Math.floor(mostReadBytes / strideBytes));
  for await (const { first, read } of parts(source, count, atOnce)) {
    const images = strided(read, bytes, window);
    for (let done = 0; done * strideBytes < images.length; ) {
      const { page, offset } = placeOf(first + done);
      const fitting = Math.min(images.length / strideBytes - done, ofPage - ((first + done) % ofPage));
      device.queue.writeBuffer(page.buffer, offset, images, done * strideBytes, fitting * strideBytes);
      done += fitting;
    }
  }
  const copy = async (indices: Uint32Array) => (place: number) =>
    submit(device, 'dataset.window', ({ encoder }) => {
      for (const [i, image] of indices.entries()) {
        const { page, offset } = placeOf(image);
        encoder.copyBufferToBuffer(
          page.buffer,
          offset,
          into.buffer,
          into.offset + (place + i) * strideBytes,
          strideBytes,
        );
      }
    });
  return { read: copy, buffers: pages.length, bytes: pages.reduce((sum, { size }) => sum + size, 0) };
}
