import { fileURLToPath } from 'node:url';

/**
 * The folders of a page, next to the command's own: its files, and those of the library.
 *
 * @param page the headless page by default.
 */
export const pageFolders = (page = 'headless'): string[] =>
  [`../${page}`, '..'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));
