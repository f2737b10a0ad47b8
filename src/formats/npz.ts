import { zipSync } from 'fflate';
import { bytesOf, type NamedTensor, namedTensors, type TrainedModel } from './trained_model.ts';

/** The earliest timestamp that ZIP supports; a fixed one makes the output reproducible. */
const noTime = new Date(1980, 0, 1);

/**
 * Exports weights as NumPy's .npz: `numpy.load(file)['conv2d.kernel']`. Tensors are float32 in Keras' layout.
 *
 * @throws ConfigurationError for a model that is invalid, or weights that don't belong to it.
 */
export const formatNpz = (trained: TrainedModel): Uint8Array<ArrayBuffer> => packNpz(namedTensors(trained));

/** Packs tensors as .npz without compression, because weights hardly compress. */
export function packNpz(tensors: readonly NamedTensor[]): Uint8Array<ArrayBuffer> {
  const entries = tensors.map((tensor) => [`${tensor.name}.npy`, npy(tensor)] as const);
  return zipSync(Object.fromEntries(entries), { level: 0, mtime: noTime });
}

/** Encodes NumPy's array format, version 1.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function npy({ shape, data }: NamedTensor): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const described = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  const preamble = 10;
  // Pad the header with spaces, so that the numbers begin at a multiple of 64 bytes.
  const length = Math.ceil((preamble + described.length + 1) / 64) * 64 - preamble;
  const file = new Uint8Array(preamble + length + data.byteLength);
  file.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, length & 255, length >> 8]);
  file.set(new TextEncoder().encode(`${described.padEnd(length - 1)}\n`), preamble);
  file.set(bytesOf(data), preamble + length);
  return file;
}
