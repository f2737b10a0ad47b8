import { resolve } from 'node:path';

/** The root folder of the repository. */
export const root = resolve(import.meta.dirname, '..');

/** The folder of the page's sources. */
export const pageRoot = resolve(root, 'src/page');

/** The entries of the page's build. */
export const pageScripts = {
  page: resolve(pageRoot, 'main.tsx'),
  worker: resolve(pageRoot, 'worker.ts'),
};
