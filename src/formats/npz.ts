import { zipSync } from 'fflate';
import { bytesOf, type NamedTensor, namedTensors, type TrainedModel } from './trained_model.ts';

/** The earliest time that a ZIP knows: the same weights give the same bytes. */
const noTime = new Date(1980, 0, 1);

/**
 * Weights as NumPy's .npz: `numpy.load(file)['conv2d.kernel']`. Tensors are float32 in Keras' layout.
 *
 * @throws ConfigurationError for a model that is invalid, or weights that are another model's.
 */
export const formatNpz = (trained: TrainedModel): Uint8Array<ArrayBuffer> => packNpz(namedTensors(trained));

/** Any tensors as .npz, without compression: weights have nothing to compress. */
export function packNpz(tensors: readonly NamedTensor[]): Uint8Array<ArrayBuffer> {
  const entries = tensors.map((tensor) => [`${tensor.name}.npy`, npy(tensor)] as const);
  return zipSync(Object.fromEntries(entries), { level: 0, mtime: noTime });
}

/** NumPy's array file, version 1.0: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
function npy({ shape, data }: NamedTensor): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const described = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  const preamble = 10;
  // Spaces fill it up, so that the numbers begin at a multiple of 64 bytes.
  const length = Math.ceil((preamble + described.length + 1) / 64) * 64 - preamble;
  const file = new Uint8Array(preamble + length + data.byteLength);
  file.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, length & 255, length >> 8]);
  file.set(new TextEncoder().encode(`${described.padEnd(length - 1)}\n`), preamble);
  file.set(bytesOf(data), preamble + length);
  return file;
}
