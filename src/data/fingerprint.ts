import { concatenated } from '../concatenated.ts';
import { type PictureSource, picturesOf } from '../image_source.ts';
import { type Dataset, requireInMemory, type TrainAndTest } from './dataset.ts';

/**
 * Fingerprint of images, labels, targets and sample weights: the first 64 bits of their SHA-256 in hex. Pictures that are decoded
 * during training contribute their encoded files and the options with which they are decoded.
 */
export function fingerprint({ train, test }: TrainAndTest): Promise<string> {
  for (const part of [train, test]) if (!picturesOf(part.source)) requireInMemory(part);
  return fingerprintOfParts({ train, test });
}

async function fingerprintOfParts({ train, test }: TrainAndTest): Promise<string> {
  const parts: ArrayBufferView[] = [];
  for (const dataset of [train, test]) {
    const { labels, targets, sampleWeights } = dataset;
    const encoded = picturesOf(dataset.source);
    parts.push(encoded ? await filesOf(encoded, dataset) : dataset.images, labels);
    if (targets) parts.push(targets);
    if (sampleWeights) parts.push(sampleWeights);
  }
  return fingerprintOf(...parts);
}

/** A hash of each encoded picture. */
async function filesOf({ pictures, fit, levels }: PictureSource, { count, imageShape }: Dataset): Promise<Uint8Array> {
  const hashes: Uint8Array[] = [
    new TextEncoder().encode(`${imageShape} ${fit}${levels ? ` ${levels.from} ${levels.to}` : ''}`),
  ];
  for (const { file } of pictures.slice(0, count)) {
    hashes.push(new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer())));
  }
  return concatenated(Uint8Array, hashes);
}

/** Fingerprint of several concatenated arrays. */
export async function fingerprintOf(...arrays: readonly ArrayBufferView[]): Promise<string> {
  const whole = concatenated(Uint8Array, arrays.map(bytesOf)) as Uint8Array<ArrayBuffer>;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);
