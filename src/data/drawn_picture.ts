import { drawPicture, type PictureFit } from '../picture_fit.ts';

/** Creates a canvas of the image size, on which pictures are drawn. */
export const canvasFor = (height: number, width: number): OffscreenCanvasRenderingContext2D =>
  new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;

/** Draws a decoded picture at the size of the canvas and closes it. @returns red, green, blue and alpha of each pixel. */
export function drawn(
  context: OffscreenCanvasRenderingContext2D,
  bitmap: ImageBitmap,
  fit: PictureFit,
): Uint8ClampedArray {
  const { width, height } = context.canvas;
  drawPicture(context, bitmap, bitmap, fit);
  bitmap.close();
  return context.getImageData(0, 0, width, height).data;
}

/** Copies the red, green and blue values of each pixel, or red alone for single-channel images. */
export function takeChannels(rgba: Uint8ClampedArray, channels: number, into: Uint8Array): void {
  for (let from = 0, to = 0; to < into.length; from += 4) {
    for (let c = 0; c < channels; c++) into[to++] = rgba[from + c]!;
  }
}
