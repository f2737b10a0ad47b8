/** Gray levels, 0 to 255, of the paper and the ink. */
export interface Ink {
  paper: number;
  ink: number;
}

/** MNIST's levels, also used if nothing is known about the images. */
export const lightOnDark: Ink = { paper: 0, ink: 255 };

/** Maximum number of images analyzed, spread over the data set: more would not change a median. */
const most = 500;

/** Indices of the images to analyze. */
export const spread = (count: number): number[] =>
  Array.from({ length: Math.min(count, most) }, (_, i) => Math.floor(i * Math.max(1, count / most)));

/**
 * Estimates the paper and the ink of drawn single-channel images: the paper is the median of their borders, the ink the level that
 * differs from it most, as the median over the images. Medians are robust against a few unusual images, or strokes at the border.
 */
export function inkOf(images: Uint8Array, [height, width]: readonly [number, number, number]): Ink {
  const pixels = height * width;
  const chosen = spread(Math.floor(images.length / pixels)).map((at) =>
    images.subarray(at * pixels, (at + 1) * pixels),
  );
  const border = Array.from({ length: pixels }, (_, at) => at).filter((at) => {
    const [row, column] = [Math.floor(at / width), at % width];
    return row === 0 || column === 0 || row === height - 1 || column === width - 1;
  });
  const paper = median(chosen.flatMap((image) => border.map((at) => image[at]!)));
  // Squared differences weight strokes more than the texture of the paper.
  let [lighter, darker] = [0, 0];
  for (const image of chosen) {
    for (const level of image) {
      if (level > paper) lighter += (level - paper) ** 2;
      else darker += (level - paper) ** 2;
    }
  }
  const isDark = darker > lighter;
  const ink = median(chosen.map((image) => image.reduce((a, b) => (isDark ? Math.min(a, b) : Math.max(a, b)), paper)));
  // If the images are blank, choose an ink that is visible on the paper.
  return { paper, ink: ink === paper ? (paper < 128 ? 255 : 0) : ink };
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
