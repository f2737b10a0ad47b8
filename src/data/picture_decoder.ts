import type { EncodedPicture, PictureLevels } from '../image_source.ts';
import { type PictureFit, pictureDecoding } from '../picture_fit.ts';
import { isWidePng, pngHead, pngHeadBytes } from '../png/png_head.ts';
import { canvasFor, drawn, takeChannels } from './drawn_picture.ts';

/** The format of the images into which pictures are converted. */
export interface ImageForm {
  size: readonly [height: number, width: number];
  fit: PictureFit;
  /** The range that 16-bit pictures are stretched from. Without it, only their upper 8 bits are kept. */
  levels?: PictureLevels | undefined;
}

/** A picture as an image. */
export interface DecodedPicture {
  /** Size of the picture itself. */
  width: number;
  height: number;
  /** Red, green and blue of each pixel of the image. */
  pixels: Uint8Array;
}

/** An encoded picture; its size in bytes need not be known. */
export type DecodableFile = EncodedPicture['file'] & { readonly size?: number };

/** Decodes pictures: a browser, or a command that has one. */
export interface PictureDecoder {
  /** Recommended number of pictures per request. */
  readonly atOnce: number;
  /** @throws the browser's DOMException for a picture that it cannot decode. */
  decode(file: DecodableFile, form: ImageForm): Promise<DecodedPicture>;
}

/** Number of pictures decoded concurrently; the browser decodes each on a separate thread. */
export const picturesAtOnce = 4;

/** Decodes pictures in this browser. */
export function browserDecoder(): PictureDecoder {
  let context: OffscreenCanvasRenderingContext2D | undefined;
  return {
    atOnce: picturesAtOnce,
    decode: async (file, { size, fit, levels }) => {
      const isBlob = file instanceof Blob;
      const bytes = isBlob && !mayBePlain(file, size) ? undefined : new Uint8Array(await file.arrayBuffer());
      const plain = bytes && (await plainImage(bytes, size));
      if (plain) return plain;
      const bitmap = await bitmapOf(isBlob ? file : new Blob([bytes!]), levels);
      const { width, height } = bitmap;
      const [imageHeight, imageWidth] = size;
      const { canvas } = context ?? {};
      if (canvas?.width !== imageWidth || canvas.height !== imageHeight) context = canvasFor(imageHeight, imageWidth);
      const pixels = new Uint8Array(3 * imageHeight * imageWidth);
      takeChannels(drawn(context!, bitmap, fit), 3, pixels);
      return { width, height, pixels };
    },
  };
}

/** A PNG with the size of the images is rarely larger than its pixels, unless they are noise. */
const mayBePlain = ({ size: bytes }: Blob, [height, width]: ImageForm['size']): boolean =>
  bytes <= 4 * height * width + 4096;

/** A picture that is decoded without the browser because it is a PNG with the size of the images; undefined for all others. */
export async function plainImage(
  bytes: Uint8Array,
  [height, width]: ImageForm['size'],
): Promise<DecodedPicture | undefined> {
  const head = pngHead(bytes);
  if (head?.width !== width || head.height !== height || head.depth > 8) return undefined;
  const { decodePlainPng } = await import('../png/png_pictures.ts');
  const plain = decodePlainPng(bytes);
  return plain && { width, height, pixels: plain.rgb };
}

/**
 * Decodes a picture.
 *
 * @param levels the range that 16-bit pictures are stretched from. Without it, the browser decodes them and keeps their upper 8 bits.
 * @throws the browser's error for a picture that it can't decode.
 */
async function bitmapOf(blob: Blob, levels?: PictureLevels): Promise<ImageBitmap> {
  const stretched = levels && (await (await import('../png/png_pictures.ts')).stretchedPicture(blob, levels));
  return createImageBitmap(stretched ?? blob, pictureDecoding);
}

/** Whether a file is a PNG with 16 bits per channel. */
export const isWide = async (file: {
  slice(start: number, end: number): Pick<Blob, 'arrayBuffer'>;
}): Promise<boolean> => isWidePng(new Uint8Array(await file.slice(0, pngHeadBytes).arrayBuffer()));
