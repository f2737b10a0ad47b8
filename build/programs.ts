import { resolve } from 'node:path';
import { mergeConfig, type Plugin, type UserConfig } from 'vite';
import { leanParquet } from './lean_packages.ts';
import { classNamesStay } from './library.ts';
import { eachLicenseOnce } from './licenses.ts';
import { placeholdersOfPuppeteer, unreachedParts } from './puppeteer.ts';
import { root } from './root.ts';
import { leanShaders } from './shaders.ts';

/**
 * Packages that are not bundled but loaded from where they are installed: Vite, with which a clone serves the page from its sources, and
 * BullMQ, which only sweeps over several machines need.
 */
const optionalPackages = ['vite', 'bullmq'];

const optionalStayOutside: Plugin = {
  name: 'wgrad-optional-stay-outside',
  enforce: 'pre',
  resolveId: (id) => (optionalPackages.includes(id) ? { id, external: true } : undefined),
};

/** A program for Node, built together with the script that downloads Chrome. */
export const nodeProgram = (main: string, outDir: string): UserConfig => ({
  root,
  build: {
    ssr: true,
    outDir,
    emptyOutDir: true,
    target: 'node20',
    rolldownOptions: {
      input: { main: resolve(root, main), download_chrome: resolve(root, 'src/cli/download_chrome.js') },
      // All files are in one folder, two levels below the root, because the sources locate other files relative to their own.
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
});

/** Like `nodeProgram`, but bundles all dependencies, so that users install nothing else. */
export function packagedProgram(main: string, outDir: string): UserConfig {
  const program = nodeProgram(main, outDir);
  return mergeConfig(program, {
    plugins: [
      partsAreInTheLibrary,
      optionalStayOutside,
      unreachedParts,
      placeholdersOfPuppeteer,
      leanShaders,
      leanParquet,
      eachLicenseOnce,
    ],
    build: { license: { fileName: 'licenses.md' }, rolldownOptions: { output: { minify: classNamesStay } } },
    ssr: { noExternal: true },
  });
}

/**
 * Modules that the command imports from the library's files instead of bundling them a second time: plans, which need all kernels, and
 * hyparquet. Each of these modules is external, and its name is replaced by that of the library's entry.
 */
const libraryFiles: Readonly<Record<string, string>> = {
  '../train/plan_training.ts': '../plan.js',
  './hyparquet.ts': '../hyparquet.js',
};

const nameOutside = (id: string) => `wgrad-library:${id}`;

const partsAreInTheLibrary: Plugin = {
  name: 'wgrad-parts-are-in-the-library',
  enforce: 'pre',
  resolveId: (id) => (libraryFiles[id] ? { id: nameOutside(id), external: true } : undefined),
  renderChunk: (code) =>
    Object.entries(libraryFiles).reduce((text, [id, file]) => text.replaceAll(nameOutside(id), file), code),
};
