import { concatenated } from '../concatenated.ts';
import type { TrainAndTest } from './dataset.ts';

/** Images, labels and targets as a number that is hardly the same for others: the first 64 bits of their SHA-256, in hex. */
export async function fingerprint({ train, test }: TrainAndTest): Promise<string> {
  const parts = [train, test].flatMap(({ images, labels, targets }) => [
    images,
    bytesOf(labels),
    ...(targets ? [bytesOf(targets)] : []),
  ]);
  const whole = concatenated(Uint8Array, parts) as Uint8Array<ArrayBuffer>;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => new Uint8Array(buffer, byteOffset, byteLength);
