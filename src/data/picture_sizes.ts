import { ConfigurationError } from '../errors.ts';
import { count } from '../figures.ts';
import { type PictureFit, pictureFits } from '../picture_fit.ts';
import type { PictureSize } from './reading_report.ts';

/** How pictures of several sizes become images of one. */
export interface PictureOptions {
  /**
   * Height and width of the images in pixels, or the side of a square. Unless given, the size that more than half of the
   * pictures have where that is at most 64 x 64, else 32 x 32.
   */
  size?: number | readonly [height: number, width: number];
  /**
   * How pictures of another size are fitted: `cover` (the default) scales them until they cover the image and cuts off what
   * lies outside, around the center; `contain` scales them until they fit into it, on white; `fill` stretches them.
   */
  fit?: PictureFit;
  /** Called while pictures are read. */
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

/** The most common size first; of equally common ones the smaller. */
export function sizesOf(pictures: readonly { width: number; height: number }[]): PictureSize[] {
  const sizes = new Map<string, PictureSize>();
  for (const { width, height } of pictures) {
    const size = sizes.get(`${width} ${height}`) ?? { width, height, count: 0 };
    size.count++;
    sizes.set(`${width} ${height}`, size);
  }
  return [...sizes.values()].sort((a, b) => b.count - a.count || a.width * a.height - b.width * b.height);
}

/** One size for all images, and the rule that gave it, in words. */
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
    rule: `images of ${w} × ${h}, ${size === undefined ? whyOf(most, all) : 'as asked for'}${rest}`,
  };

  function whyOf(most: number, all: number): string {
    const limit = `${largestAsIs} × ${largestAsIs}`;
    if (most <= all / 2) return 'because no size is that of more than half of the pictures';
    if (!isAsIs) return `because most pictures are larger than ${limit}`;
    return most === all ? 'the size of all pictures' : 'the size of more than half of the pictures';
  }
}
