import type { ImagesUsed } from '../image_source.ts';
import { describeImageUse, isPlainUse } from '../image_words.ts';

/** Lines about images that are not all on the GPU in one buffer. */
export function imagesLines({ training, validation }: ImagesUsed): string[] {
  const parts = [
    { use: training, what: 'training' },
    { use: validation, what: 'validation' },
  ];
  return parts.flatMap(({ use, what }) =>
    !use || isPlainUse(use)
      ? []
      : describeImageUse(use, what).map((line, i) => `${i === 0 ? 'images  ' : '        '} ${line}`),
  );
}
