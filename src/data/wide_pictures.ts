/** 16-bit pictures are rare, so their code is loaded on demand. */
export { imageDataOf, WideLevels } from './wide_levels.ts';
export { decodeWidePng } from './wide_png.ts';
