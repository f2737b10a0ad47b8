import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { defineConfig, mergeConfig, type Plugin, type UserConfig } from 'vite';
import { library } from './build/library.ts';
import { page } from './build/page.ts';
import { nodeProgram, packagedProgram } from './build/programs.ts';
import { root } from './build/root.ts';
import { leanShaders } from './build/shaders.ts';

/** Gzips a script that no page loads directly, which reduces it to a third of its size. */
const packedScript: Plugin = {
  name: 'wgrad-packed-script',
  async generateBundle(_, bundle) {
    for (const [fileName, file] of Object.entries(bundle)) {
      if (file.type !== 'chunk') continue;
      delete bundle[fileName];
      const source = await promisify(gzip)(file.code, { level: 9 });
      this.emitFile({ type: 'asset', fileName: `${fileName}.gz`, source });
    }
  },
};

/** The scripts that run the suite of `npm run test:portable` in Node and Deno, and its page, placed next to the suite. */
const hostScripts: Plugin = {
  name: 'wgrad-host-scripts',
  apply: 'build',
  generateBundle() {
    for (const fileName of ['node_host.js', 'deno_host.js', 'page.html']) {
      this.emitFile({ type: 'asset', fileName, source: readFileSync(resolve(root, 'test/portable', fileName)) });
    }
  },
};

/**
 * The builds of `npm run build`, one for each mode: `vite build --mode library`. Without a mode, the page is built, which is also what
 * Vite's development server serves.
 */
const targets: Record<string, UserConfig> = {
  library,
  // The script of an HTML page that contains a model: one file, which `wgrad export --format html` inserts into the page.
  standalone: {
    root,
    plugins: [packedScript],
    build: {
      lib: { entry: resolve(root, 'src/standalone/main.ts'), formats: ['es'], fileName: 'standalone' },
      outDir: 'dist/standalone',
      emptyOutDir: true,
      target: 'es2023',
      rolldownOptions: { output: { codeSplitting: false, minify: true } },
    },
  },
  // The command.
  cli: packagedProgram('src/cli/main.ts', 'dist/cli'),
  // A second build of the command that includes `bench`, and the page in which wgrad and its peers train.
  bench: nodeProgram('test/bench/main.ts', 'dist/bench'),
  'bench-page': {
    root: resolve(root, 'test/bench/page'),
    base: './',
    build: { outDir: resolve(root, 'dist/bench-page'), emptyOutDir: true, target: 'es2023', minify: false },
  },
  // Takes screenshots of the page: `npm run screenshots`.
  screenshots: nodeProgram('test/screenshots/main.ts', 'dist/screenshots'),
  // Interrupts runs: `npm run crash-test`.
  'crash-test': nodeProgram('test/crash/main.ts', 'dist/crash-test'),
  // Disturbs sweeps over several workers: `npm run chaos`.
  chaos: nodeProgram('test/queue/main.ts', 'dist/chaos'),
  // Runs in every host: `npm run test:portable`.
  portable: nodeProgram('test/portable/main.ts', 'dist/portable'),
  'portable-suite': {
    root,
    plugins: [hostScripts],
    build: {
      lib: { entry: resolve(root, 'test/portable/suite.ts'), formats: ['es'], fileName: 'suite' },
      outDir: 'dist/portable-suite',
      emptyOutDir: true,
      target: 'es2023',
      rolldownOptions: { output: { codeSplitting: false } },
    },
  },
  // Measures the GPU of a machine without wgrad: `npm run gpu-kit`.
  'gpu-kit': {
    root,
    plugins: [leanShaders],
    build: {
      lib: { entry: resolve(root, 'test/gpu_kit/measure.ts'), formats: ['es'], fileName: 'measure' },
      outDir: 'dist/gpu-kit',
      emptyOutDir: true,
      target: 'es2023',
      rolldownOptions: { output: { codeSplitting: false } },
    },
  },
  page,
};

/**
 * The command needs code at its start that the page imports on demand. It is therefore expected that some dynamic imports do not split off
 * a chunk.
 */
const importsOnDemand: UserConfig = {
  build: { rolldownOptions: { checks: { ineffectiveDynamicImport: false } } },
  worker: { rolldownOptions: { checks: { ineffectiveDynamicImport: false } } },
};

export default defineConfig(({ mode }) => mergeConfig(targets[mode] ?? targets.page!, importsOnDemand));
