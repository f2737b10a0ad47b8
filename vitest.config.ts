import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { chromeProvider } from './test/browser_provider.ts';
import { LongFilesFirst } from './test/long_files_first.ts';

// Two kinds of test, told apart by the file's name. One file of either:
//   npx vitest run --project node test/data/idx.node.test.ts
//   npx vitest run --project gpu test/kernels/conv2d.gpu.test.ts
export default defineConfig({
  test: {
    globalSetup: ['test/set_up.ts'],
    // Bits and messages are those of Chrome, also where a faster browser for the CPU is installed.
    env: { WGRAD_BROWSER: 'chrome' },
    // Loading the sources anew for each file takes as long as most files do. So a file leaves nothing changed behind.
    isolate: false,
    // Two processes for Node's tests at least, which often wait for a Chrome, beside the one page of the GPU's: those end first.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: LongFilesFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          // The built command is imported as it is.
          server: { deps: { external: [/\/dist\//] } },
          include: ['test/**/*.node.test.ts'],
          // Ten times what the longest takes on a quiet machine: what waits for something has a limit of its own.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Most of these tests watch a Chrome or a process from outside, and a busy machine may let them look a moment too early. Numbers
          // are compared in the other project, where nothing is tried again.
          retry: process.env.CI ? 1 : 0,
        },
      },
      {
        extends: true,
        // Known from the start: a dependency found during a run makes Vite reload the page under the tests.
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
