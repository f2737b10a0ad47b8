import { bytesOf, type NamedTensor, namedTensors, type TrainedModel } from './trained_model.ts';
import { packZip } from './zip.ts';

/**
 * Exports weights as NumPy's .npz: `numpy.load(file)['conv2d.kernel']`. Tensors are float32 in Keras' layout.
 *
 * @throws ConfigurationError for a model that is invalid, or weights that don't belong to it.
 */
export const formatNpz = (trained: TrainedModel): Uint8Array<ArrayBuffer> => packNpz(namedTensors(trained));

/** Packs tensors as .npz without compression, because weights hardly compress. */
export function packNpz(tensors: readonly NamedTensor[]): Uint8Array<ArrayBuffer> {
  return packZip(tensors.map((tensor) => ({ name: `${tensor.name}.npy`, bytes: npy(tensor) })));
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
