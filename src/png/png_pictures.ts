/** PNGs that are decoded without the browser: code that is loaded on demand. */
export { decodePlainPng } from './plain_png.ts';
export { stretchedPicture } from './stretched_picture.ts';
export { WideLevels } from './wide_levels.ts';
export { decodeWidePng } from './wide_png.ts';
