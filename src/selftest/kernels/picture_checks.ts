import { type PictureBytesShape, pictureBytes, pitchOf } from '../../kernels/picture_bytes.ts';
import { pictureBytes as twin } from '../../reference/picture_bytes.ts';
import { type KernelCheck, packed, same } from './check_kernel.ts';
import { poison } from './guarded_launch.ts';

/** Pixels of arbitrary colors, with rows padded as in a texture copy. */
export function checkPictureBytes(shape: PictureBytesShape): KernelCheck<PictureBytesShape> {
  const { batch, height, width } = shape;
  const pitch = pitchOf(width);
  const bytes = Uint8Array.from({ length: 4 * batch * height * width }, (_, i) => (i * 37 + (i >> 8) * 11) % 256);
  const words = packed(bytes);
  const pixels = new Uint32Array(batch * height * pitch).fill(poison);
  for (let row = 0; row < batch * height; row++) {
    pixels.set(words.subarray(row * width, (row + 1) * width), row * pitch);
  }
  return {
    kernel: pictureBytes,
    shape,
    given: { pixels },
    twin: () => ({ images: same(packed(twin(shape, bytes))) }),
  };
}
