import type { PictureBytesShape } from '../kernels/picture_bytes.ts';

/**
 * images[n,y,x,c] = pixels[n,y,x][c], or with one channel round(0.299 r + 0.587 g + 0.114 b)
 *
 * @param pixels [n, y, x, 4] bytes of red, green, blue and alpha, without row padding.
 */
export function pictureBytes(
  { batch, height, width, channels }: PictureBytesShape,
  pixels: ArrayLike<number>,
): Uint8Array {
  const images = new Uint8Array(batch * height * width * channels);
  for (let pixel = 0; pixel < batch * height * width; pixel++) {
    const [r, g, b] = [0, 1, 2].map((c) => pixels[4 * pixel + c]!) as [number, number, number];
    if (channels === 1) images[pixel] = Math.floor((299 * r + 587 * g + 114 * b + 500) / 1000);
    else images.set([r, g, b], 3 * pixel);
  }
  return images;
}
