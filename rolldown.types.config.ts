import { defineConfig } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

// The public types of the entries, which share theirs, in files that import nothing else: valibot's types, from which those of some
// options are inferred, go in.
export default defineConfig({
  input: { index: 'src/index.ts', formats: 'src/formats/index.ts', worker: 'src/api/worker/index.ts' },
  plugins: [dts({ tsconfig: 'tsconfig.build.json', emitDtsOnly: true, resolver: 'oxc' })],
  output: { dir: 'dist', chunkFileNames: 'chunks/[name]-[hash].d.ts' },
});
