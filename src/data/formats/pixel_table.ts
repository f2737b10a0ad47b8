import type { IdentifiedFile } from '../identify.ts';
import { type DataFormat, havePictureClasses, ofKind } from './data_format.ts';

/** Tables of pixels: one row per image, one column per pixel, and one for the label. */
export const pixelTableFormat: DataFormat = {
  readable: 'a CSV file of pixels (label,pixel0,pixel1 and so on)',
  async claim(files, { options }) {
    const tables = [...ofKind(files, 'table'), ...ofKind(files, 'text')];
    if (tables.length === 0 || havePictureClasses(files)) return undefined;
    const { hasPixels, readPixelTables } = await import('./read_pixel_table.ts');
    const ofPixels: IdentifiedFile[] = [];
    for (const table of tables) if (await hasPixels(table)) ofPixels.push(table);
    if (ofPixels.length === 0) return undefined;
    return { files: ofPixels, read: () => readPixelTables(ofPixels, options) };
  },
};
