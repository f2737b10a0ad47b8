import { useLayoutEffect, useRef } from 'preact/hooks';
import { putPixels } from './dom.ts';

export interface PictureProps {
  /** One image in NHWC: gray levels or colors, 0 to 255. */
  pixels: ArrayLike<number>;
  shape: readonly [height: number, width: number, channels: number];
  /** Read out by screen readers; empty if an element around it is. */
  label: string;
  class?: string;
}

/** An image on a canvas with one canvas pixel per image pixel: CSS determines the displayed size. */
export function Picture({ pixels, shape, label, class: kind = '' }: PictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [height, width] = shape;
  useLayoutEffect(() => {
    if (canvas.current) putPixels(canvas.current, imageDataOf(pixels, shape));
  }, [pixels, shape]);
  const spoken = label ? { role: 'img' as const, 'aria-label': label } : { 'aria-hidden': true };
  return <canvas ref={canvas} width={width} height={height} class={`picture ${kind}`} {...spoken} />;
}

/** Red, green and blue from the first three channels, or gray from a single channel or the mean of two. */
function imageDataOf(pixels: ArrayLike<number>, [height, width, channels]: PictureProps['shape']): ImageData {
  const data = new Uint8ClampedArray(height * width * 4);
  for (let i = 0; i < height * width; i++) {
    const at = i * channels;
    const last = at + channels - 1;
    const gray = (pixels[at]! + pixels[last]!) / 2;
    data[4 * i] = channels < 3 ? gray : pixels[at]!;
    data[4 * i + 1] = channels < 3 ? gray : pixels[at + 1]!;
    data[4 * i + 2] = channels < 3 ? gray : pixels[at + 2]!;
    data[4 * i + 3] = 255;
  }
  return new ImageData(data, width, height);
}
