import { defineConfig } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

// The public types of each entry in one file that imports nothing: valibot's types, from which those of the options are inferred, go in.
export default defineConfig(
  Object.entries({ index: 'src/index.ts', formats: 'src/formats/index.ts' }).map(([name, file]) => ({
    input: { [name]: file },
    plugins: [dts({ tsconfig: 'tsconfig.build.json', emitDtsOnly: true, resolver: 'oxc' })],
    output: { dir: 'dist' },
  })),
);
