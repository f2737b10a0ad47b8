import { partnerPurpose } from '../augment/kernels/augment.ts';

/**
 * Computes on the host which images are mixed, as shaders/augment_draw.wgsl does: the host must read both images before the
 * step.
 */

/** The index of the image that a sample is mixed with. @param images number of images to choose from. */
export function partnerOf(seed: number, epoch: number, sample: number, copy: number, images: number): number {
  const [word] = philox([sample, epoch, partnerPurpose, copy], [seed, 0]);
  // The product is rounded to float32, as on the GPU.
  const place = Math.fround((word! >>> 8) * 2 ** -24 * Math.fround(images));
  return Math.min(images - 1, Math.floor(place));
}

type Words = [number, number, number, number];

/** Philox4x32-10, the generator of shaders/lib/random.wgsl. */
function philox(counter: Words, [key0, key1]: [number, number]): Words {
  let c = counter;
  let k0 = key0;
  let k1 = key1;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c[0]);
    const high1 = multiplyHigh(0xcd9e8d57, c[2]);
    c = [
      (high1 ^ c[1] ^ k0) >>> 0,
      Math.imul(0xcd9e8d57, c[2]) >>> 0,
      (high0 ^ c[3] ^ k1) >>> 0,
      Math.imul(0xd2511f53, c[0]) >>> 0,
    ];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return c;
}

/** Upper word of the product of two words. */
const multiplyHigh = (a: number, b: number): number => Number((BigInt(a) * BigInt(b)) >> 32n);
