import { defineConfig, type Plugin } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

/** A comment in valibot's style, whose lines begin right below its first star; wgrad's begin a space further right. */
const commentOfValibot = /^( *)\/\*\*\n(?:\1\*.*\n)+/gm;

/** The comments on valibot's own types, and the names of its files, explain nothing to those who read wgrad's types. */
const withoutComments: Plugin = {
  name: 'wgrad-without-comments-of-valibot',
  renderChunk: (code) => code.replace(commentOfValibot, '').replace(/^\/\/#(end)?region.*\n/gm, ''),
};

// The public types of the entries, which share theirs, in files that import nothing else: valibot's types, from which those of some
// options are inferred, go in.
export default defineConfig({
  input: { index: 'src/index.ts', formats: 'src/formats/index.ts', worker: 'src/api/worker/index.ts' },
  plugins: [dts({ tsconfig: 'tsconfig.build.json', emitDtsOnly: true, resolver: 'oxc' }), withoutComments],
  output: { dir: 'dist', chunkFileNames: 'chunks/[name]-[hash].d.ts' },
});
