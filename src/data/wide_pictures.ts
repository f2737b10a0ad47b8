/** Pictures of 16 bits are few: their code is loaded with the first one. */
export { imageDataOf, WideLevels } from './wide_levels.ts';
export { decodeWidePng } from './wide_png.ts';
