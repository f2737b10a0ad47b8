import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { chromeProvider } from './test/browser_provider.ts';
import { LongFilesFirst } from './test/long_files_first.ts';

// There are two kinds of tests, distinguished by their file names. To run one file of either kind:
//   npx vitest run --project node test/data/idx.node.test.ts
//   npx vitest run --project gpu test/kernels/conv2d.gpu.test.ts
export default defineConfig({
  test: {
    globalSetup: ['test/set_up.ts'],
    // Bits and messages are compared with Chrome's, even if a browser that is faster on the CPU is installed.
    env: { WGRAD_BROWSER: 'chrome' },
    // Files share one module cache, because loading the sources again for each file would take as long as most files take to run. A file
    // must therefore leave no state behind.
    isolate: false,
    // Node's tests often wait for a Chrome, so at least two processes run them, next to the single page of the GPU tests, which finish
    // first.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          // The built command is imported without being transformed.
          server: { deps: { external: [/\/dist\//] } },
          include: ['test/**/*.node.test.ts'],
          // Ten times the duration of the longest test on an idle machine. Anything that waits has a shorter limit of its own.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Most of these tests observe a Chrome or a process from outside, and on a busy machine they may look a moment too early.
          // Numerical results are compared in the other project, which has no retries.
          retry: process.env.CI ? 1 : 0,
        },
      },
      {
        extends: true,
        // Listed explicitly, because Vite reloads the page during the tests if it discovers a dependency only then.
        optimizeDeps: {
          include: [
            'fflate',
            'hyparquet',
            'idb-keyval',
            'ml-matrix',
            'pbf',
            'simple-statistics',
            'valibot',
            'wgsl-preprocessor/wgsl-preprocessor.js',
            'fast-check',
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-layers',
            '@tensorflow/tfjs-backend-cpu',
          ],
        },
        test: {
          include: ['test/**/*.gpu.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: chromeProvider,
            instances: [{ browser: 'chrome', name: 'gpu' }],
          },
        },
      },
    ],
  },
});
