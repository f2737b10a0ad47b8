import { ConfigurationError } from '../errors.ts';
import { count } from '../figures.ts';
import { type PictureFit, pictureFits } from '../picture_fit.ts';
import type { PictureSize } from './reading_report.ts';

/** How pictures of different sizes are converted to a common image size. */
export interface PictureOptions {
  /**
   * Height and width of the images in pixels, or the side of a square. Default: the size of more than half of the pictures if there
   * is one and it is at most 64 x 64, otherwise 32 x 32.
   */
  size?: number | readonly [height: number, width: number];
  /**
   * How pictures of another size are fitted: `cover` scales them until they cover the image and crops the rest around the center;
   * `contain` scales them until they fit into it, on a white background; `fill` stretches them. Default `cover`.
   */
  fit?: PictureFit;
  /** Called while pictures are being read. */
  onProgress?: (done: number, total: number) => void;
}

export function requirePictureOptions({ size, fit }: PictureOptions): void {
  const sides = size === undefined ? [] : typeof size === 'number' ? [size] : size;
  if (!sides.every((side) => Number.isInteger(side) && side > 0) || (typeof size === 'object' && size.length !== 2)) {
    throw new ConfigurationError({
      what: 'Invalid size of pictures',
      found: size,
      expected: 'a positive integer, or [height, width]',
    });
  }
  if (fit === undefined || pictureFits.includes(fit)) return;
  throw new ConfigurationError({ what: 'Invalid fit of pictures', found: fit, expected: pictureFits.join(', ') });
}

const largestAsIs = 64;
const otherwise = 32;

/** Sizes by frequency, the most common first; of equally common ones, the smaller first. */
export function sizesOf(pictures: readonly { width: number; height: number }[]): PictureSize[] {
  const sizes = new Map<string, PictureSize>();
  for (const { width, height } of pictures) {
    const size = sizes.get(`${width} ${height}`) ?? { width, height, count: 0 };
    size.count++;
    sizes.set(`${width} ${height}`, size);
  }
  return [...sizes.values()].sort((a, b) => b.count - a.count || a.width * a.height - b.width * b.height);
}

/** Chooses the common image size, with a description of the rule that determined it. */
export function imageSize(
  sizes: readonly PictureSize[],
  { size, fit = 'cover' }: PictureOptions,
): { size: readonly [number, number]; rule: string } {
  const all = sizes.reduce((sum, { count }) => sum + count, 0);
  const { width, height, count: most } = sizes[0]!;
  const isAsIs = most > all / 2 && Math.max(width, height) <= largestAsIs;
  const natural: readonly [number, number] = isAsIs ? [height, width] : [otherwise, otherwise];
  const [h, w] = size === undefined ? natural : typeof size === 'number' ? [size, size] : size;
  const others = sizes.reduce((sum, one) => sum + (one.width === w && one.height === h ? 0 : one.count), 0);
  const how = {
    cover: 'scaled without stretching until they cover it, and cropped around the center',
    contain: 'scaled without stretching until they fit into it, on white',
    fill: 'stretched to it',
  }[fit];
  const which =
    others === all
      ? all > 1
        ? 'they are'
        : 'it is'
      : others === 1
        ? 'the other one is'
        : `the other ${count(others)} are`;
  const rest = others > 0 ? `; ${which} ${how}` : '';
  return {
    size: [h, w],
    rule: `images of ${w} × ${h}, ${size === undefined ? whyOf(most, all) : 'the requested size'}${rest}`,
  };

  function whyOf(most: number, all: number): string {
    const limit = `${largestAsIs} × ${largestAsIs}`;
    if (most <= all / 2) return 'because no size is that of more than half of the pictures';
    if (!isAsIs) return `because most pictures are larger than ${limit}`;
    return most === all ? 'the size of all pictures' : 'the size of more than half of the pictures';
  }
}
