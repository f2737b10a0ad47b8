/** How a picture of another shape becomes an image, in CSS's words. */
export const pictureFits = ['cover', 'contain', 'fill'] as const;

/**
 * How a picture of another shape becomes an image: `cover` scales it until it covers the image and cuts off what lies outside,
 * around the center; `contain` scales it until it fits into it, on white; `fill` stretches it.
 */
export type PictureFit = (typeof pictureFits)[number];

interface Size {
  width: number;
  height: number;
}

/** Draws a picture at the size of a canvas, as training and prediction see it. What is transparent becomes white. */
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

/** Colors are taken as a file stores them, without a color profile, and transparency is left for the canvas. */
export const pictureDecoding = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;
