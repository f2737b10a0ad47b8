import { defineConfig, type Plugin } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

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
  plugins: [dts({ tsconfig: 'tsconfig.build.json', emitDtsOnly: true, resolver: 'oxc' }), withoutComments],
  output: { dir: 'dist', chunkFileNames: 'chunks/[name]-[hash].d.ts' },
});
