import { defineConfig } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

// The public types in one file that imports nothing: valibot's types, from which those of the options are inferred, go in.
export default defineConfig({
  input: { index: 'src/index.ts' },
  plugins: [dts({ tsconfig: 'tsconfig.build.json', emitDtsOnly: true, resolver: 'oxc' })],
  output: { dir: 'dist' },
});
