import { resolve } from 'node:path';
import type { UserConfig } from 'vite';
import { datasetServer } from '../src/cli/dataset_server.ts';
import { leanParquet, leanPlot, leanZip } from './lean_packages.ts';
import { eachLicenseOnce } from './licenses.ts';
import { pageChunks } from './page_chunks.ts';
import {
  contentSecurityPolicy,
  plainDevices,
  plainImports,
  serviceWorker,
  workerSharesChunks,
} from './page_plugins.ts';
import { pageRoot, pageScripts, root } from './root.ts';
import { leanShaders, shadersTogether } from './shaders.ts';
import { staticDatasets } from './static_datasets.ts';

/** The page, as Vite builds it and as its development server serves it. */
export const page: UserConfig = {
  root: pageRoot,
  base: './',
  plugins: [
    datasetServer(),
    contentSecurityPolicy,
    leanShaders,
    plainDevices,
    leanParquet,
    leanZip,
    leanPlot,
    shadersTogether,
    plainImports,
    staticDatasets,
    workerSharesChunks,
    serviceWorker,
    eachLicenseOnce,
  ],
  worker: { format: 'es' },
  build: {
    outDir: resolve(root, 'dist/page'),
    emptyOutDir: true,
    modulePreload: {
      // Every browser with WebGPU supports module preloading.
      polyfill: false,
      // Modules cannot be preloaded in a worker, which has no document, and the page loads the same modules. Styles are preloaded only by
      // the page.
      resolveDependencies: (_, files, { hostType }) =>
        hostType === 'js' ? files.filter((file) => file.endsWith('.css')) : files,
    },
    target: 'es2023',
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      // Creating the part of MNIST takes most of the build time, so the warning about it is suppressed.
      checks: { pluginTimings: false },
      output: {
        // The name has no hash, because this is the only copy of the digits in the package: the command reads it, and apps import it by
        // name.
        assetFileNames: ({ names }) =>
          `assets/${names.includes('digits.csv.gz') ? '[name]' : '[name]-[hash]'}[extname]`,
        // Every file repeats the names of those that it imports. Of random text, digits compress best.
        hashCharacters: 'hex',
        ...pageChunks(pageScripts, {
          studio: 'page/(main|studio).tsx',
          worker: 'page/worker.ts',
          // The code that trains, with small modules that most runs need.
          session:
            '(page/features/run/worker|plan/joint_launches|gpu/join|train/(batch|evaluate|fit_callbacks|judging|predict|probing|reopening|sample_weights|snapshot|split)).ts',
          // The code that checks the digits of the first visit and reads the page's part of MNIST, separate from the readers of user
          // files.
          built_in: '(page/app/worker/cleaning|data/mnist_part).ts',
          // The page fetches all other code when it is idle. These chunks contain what a click may need before that.
          own_data:
            '(page/app/worker/own_data|data/(archives|formats)/(?!parquet_codecs|lz4)\\w+|data/(identify|mat)).ts',
          png_pictures: 'png/png_pictures.ts',
          further:
            '(augment/symmetric_eigen|kernels/further_variants|plan/(further_training|keras_input|layers/further)).ts',
          later:
            '(image_words|api/save_trainer|gpu/unmatched_variants|page/features/\\w+/(gpu_check_|questions_|saved_run_)?worker|plan/(dynamic_loss_scale|place_images|too_large)|train/(augmented_predictions|class_weights|dataset_gradients|diagnose|learning_rate_finder|measure_ceilings|picture_input|prediction_loss|profile_step|sample_step|tune_once)).ts',
          kept: 'page/kept.tsx',
          // What most users view after a run, and what is shown only after a click.
          after_training:
            'page/(after_training|features/(map/(layer_detail|run_verdict)|profile/gpu_check|run/(key_of_twins|resume|saved_run))).tsx?',
          opened:
            '(page/features/(data/(data_numbers|read_files|webcam)|lessons/(panel|sigmoid|batch_norm|augmentation)|training/(goal_forms|rate_finder)|twins/model)|report/report|train/apply_change).(tsx?|json)',
        }),
      },
    },
  },
  // Listed explicitly, because Vite reloads a page in which it discovers another dependency, which would end a run.
  optimizeDeps: {
    include: [
      '@preact/signals',
      'comlink',
      'fflate',
      'fzstd',
      'hyparquet',
      'preact',
      'preact/hooks',
      'preact/jsx-dev-runtime',
      'uplot',
      'simple-statistics',
      'valibot',
      'wgsl-preprocessor/wgsl-preprocessor.js',
    ],
  },
  // Shaders, data and the library are outside of the page's root folder.
  server: { fs: { allow: [root] } },
};
