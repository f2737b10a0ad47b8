import { concatenated } from '../concatenated.ts';
import { requireInMemory, type TrainAndTest } from './dataset.ts';

/** Images, labels, targets and sample weights as a number that is hardly the same for others: the first 64 bits of their SHA-256, in hex. */
export function fingerprint({ train, test }: TrainAndTest): Promise<string> {
  for (const part of [train, test]) requireInMemory(part);
  const parts = [train, test].flatMap(({ images, labels, targets, sampleWeights }) => [
    images,
    labels,
    ...(targets ? [targets] : []),
    ...(sampleWeights ? [sampleWeights] : []),
  ]);
  return fingerprintOf(...parts);
}

/** The same of arrays, one after the other. */
export async function fingerprintOf(...arrays: readonly ArrayBufferView[]): Promise<string> {
  const whole = concatenated(Uint8Array, arrays.map(bytesOf)) as Uint8Array<ArrayBuffer>;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);
