import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineConfig, type Plugin } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { noOldChunks } from './build/old_chunks.ts';

/**
 * TypeScript 7, a native program, with which writing the declarations takes a third of the time that it takes with the project's version.
 * It is installed among the versions against which the package is compiled.
 */
const typescript7 = resolve('test/package/typescript/7/node_modules/typescript/lib/getExePath.js');
const { default: getExePath }: { default: () => string } = await import(pathToFileURL(typescript7).href);

/**
 * Matches a comment in valibot's style, in which the lines begin directly below the first star. In wgrad's comments, they begin one space
 * further to the right.
 */
const commentOfValibot = /^( *)\/\*\*\n(?:\1\*.*\n)+/gm;

/** The comments on valibot's own types, and the names of its files, do not help readers of wgrad's types. */
const withoutComments: Plugin = {
  name: 'wgrad-without-comments-of-valibot',
  renderChunk: (code) => code.replace(commentOfValibot, '').replace(/^\/\/#(end)?region.*\n/gm, ''),
};

// The public types of the entries, which share chunks, in files that import nothing else. Valibot's types, from which the types of some
// options are inferred, are therefore included.
export default defineConfig({
  input: { index: 'src/index.ts', formats: 'src/formats/index.ts', worker: 'src/api/worker/index.ts' },
  plugins: [
    dts({ tsconfig: 'tsconfig.build.json', emitDtsOnly: true, resolver: 'oxc', tsgo: { path: getExePath() } }),
    withoutComments,
    noOldChunks(/\.d\.ts$/),
  ],
  output: { dir: 'dist', chunkFileNames: 'chunks/[name]-[hash].d.ts' },
});
