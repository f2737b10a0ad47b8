export { draftAugmented, explainPreprocessingError, isAugmenting } from './augmented_batch.ts';
export { drawLines, layMaps, mapLines } from './kernels/augment_draw_text.ts';
export { drawing, mapping, warpFlags, warping } from './kernels/augment_further.ts';
