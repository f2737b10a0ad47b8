import { DataError } from '../../errors.ts';
import { kindOf } from '../../train/picture.ts';
import type { Images } from '../../train/predict.ts';

/** Picture types that cannot be copied to a worker. */
const ofPage = ['HTMLImageElement', 'HTMLCanvasElement', 'HTMLVideoElement', 'OffscreenCanvas'];

/** Whether images have to be converted before they can be sent. */
export const needsConversion = (images: Images): boolean =>
  (Array.isArray(images) ? images : [images]).some((image) => ofPage.includes(kindOf(image)));

/** Converts images for sending: elements and canvases become bitmaps of their current content, which are transferred; others are copied. */
export async function sendablePictures(images: Images): Promise<{ sent: unknown; transfer: Transferable[] }> {
  const transfer: Transferable[] = [];
  const sendable = async (image: unknown, at: number) => {
    const kind = kindOf(image);
    if (!ofPage.includes(kind)) return image;
    try {
      // The bitmap has the pixels that a canvas would draw: with the element's own color space and transparency.
      const bitmap = await createImageBitmap(image as ImageBitmapSource);
      transfer.push(bitmap);
      return bitmap;
    } catch (cause) {
      throw new DataError(
        {
          what: `Picture ${at} has no pixels`,
          found: `${kind}: ${cause instanceof Error ? cause.message : cause}`,
          fix: 'wait until it is loaded: await image.decode() for an image, the event loadeddata for a video',
        },
        { cause },
      );
    }
  };
  const sent = Array.isArray(images) ? await Promise.all(images.map(sendable)) : await sendable(images, 0);
  return { sent, transfer };
}
