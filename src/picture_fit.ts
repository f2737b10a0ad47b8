/** How a picture is fitted to the images' shape, in CSS's terms. */
export const pictureFits = ['cover', 'contain', 'fill'] as const;

/**
 * How a picture of a different shape is fitted to the image: `cover` scales it until it covers the image and crops it around the
 * center; `contain` scales it until it fits, on white; `fill` stretches it.
 */
export type PictureFit = (typeof pictureFits)[number];

interface Size {
  width: number;
  height: number;
}

/** Draws a picture at the size of a canvas, as training and prediction see it. Transparent pixels become white. */
export function drawPicture(
  context: OffscreenCanvasRenderingContext2D,
  picture: CanvasImageSource,
  { width: pictureWidth, height: pictureHeight }: Size,
  fit: PictureFit,
): void {
  const { width, height } = context.canvas;
  const [across, down] = [width / pictureWidth, height / pictureHeight];
  const scale = fit === 'cover' ? Math.max(across, down) : Math.min(across, down);
  const [w, h] = fit === 'fill' ? [width, height] : [pictureWidth * scale, pictureHeight * scale];
  context.imageSmoothingQuality = 'high';
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
}

/** Colors are decoded as the file stores them, without a color profile, and transparency is left to the canvas. */
export const pictureDecoding = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;
