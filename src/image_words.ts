import { byteWords, count, counted, figure, fixed } from './figures.ts';
import { type ImageUse, limitingShare, waitingShare } from './image_source.ts';

/** Whether all images of a data set are in one GPU buffer, as is usual. */
export const isPlainUse = ({ kind, buffers }: ImageUse): boolean => kind === 'resident' && buffers === 1;

/**
 * Describes how a data set's images were kept on the GPU, and whether reading or training was the bottleneck, in sentences without
 * a full stop.
 */
export function describeImageUse(use: ImageUse, what: string): string[] {
  const { kind, from, images, bytes, gpuBytes, buffers, chunks = 0, chunkImages = 0 } = use;
  const all = `${count(images)} ${what} images, ${byteWords(bytes)}`;
  if (kind === 'resident')
    return [`${all}: all on the GPU, in ${counted(buffers, 'buffer')} of ${byteWords(gpuBytes)}`];
  const { waitMs = 0, firstWaitMs = 0, elapsedMs = 0, readRate = 0, useRate = 0 } = use;
  const seconds = (ms: number) => `${fixed(ms / 1000, 1)} s`;
  const share = waitingShare(use);
  const waited = `waited ${seconds(waitMs)} of ${seconds(elapsedMs)} (${fixed(100 * share, 1)} %), and ${seconds(firstWaitMs)} before the first step`;
  const rates = `${figure(Math.round(readRate))} images/s are read, ${figure(Math.round(useRate))} are used if available`;
  return [
    `${all}: streamed from ${from}, ${counted(chunks, 'chunk')} of ${count(chunkImages)} on the GPU, ${byteWords(gpuBytes)}`,
    `${waited}; ${rates}${share > limitingShare ? ': reading and decoding limit the speed' : ''}`,
  ];
}
