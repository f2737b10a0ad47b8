import type { Ink } from './ink.ts';

/**
 * Converts a picture to the training images' format: to gray if they have one channel, and then inverted if their paper is dark and
 * the picture's is light, or vice versa.
 *
 * @param pixels [height, width, 3]
 * @returns [height, width, channels]
 */
export function likeTrained(
  pixels: Uint8Array<ArrayBuffer>,
  [height, width, channels]: readonly [height: number, width: number, channels: number],
  { paper }: Ink,
): Uint8Array<ArrayBuffer> {
  if (channels === 3) return pixels;
  const count = height * width;
  // Rec. 601 weights, as browsers and Pillow use them.
  const gray = Uint8Array.from({ length: count }, (_, i) =>
    Math.round(0.299 * pixels[3 * i]! + 0.587 * pixels[3 * i + 1]! + 0.114 * pixels[3 * i + 2]!),
  );
  const border = gray.filter((_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return row === 0 || column === 0 || row === height - 1 || column === width - 1;
  });
  const middle = border.sort()[border.length >> 1]!;
  const isOther = middle > 127 !== paper > 127;
  return Uint8Array.from({ length: count * channels }, (_, i) => {
    const level = gray[Math.floor(i / channels)]!;
    return isOther ? 255 - level : level;
  });
}
