import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin, UserConfig } from 'vite';
import { leanParquet, leanZip } from './lean_packages.ts';
import { eachLicenseOnce } from './licenses.ts';
import { lineMaps } from './line_maps.ts';
import { namesInChunks } from './names_in_chunks.ts';
import { noOldChunks } from './old_chunks.ts';
import { root } from './root.ts';
import { leanShaders, shadersTogether } from './shaders.ts';

/** Minifies, but keeps the names of classes, so that an error states its class. The names of functions would add 190 kB to the package. */
export const classNamesStay = {
  compress: true,
  mangle: { keepNames: { function: false, class: true } },
  codegen: { removeWhitespace: true },
};

/**
 * The entries of the package, and the scripts of the page and of the process that the command drives. They share their modules, so that
 * each module is in the package only once and an error of one entry is an instance of the other entry's class.
 */
const entries = {
  index: 'src/index.ts',
  formats: 'src/formats/index.ts',
  worker: 'src/api/worker/index.ts',
  'trainer.worker': 'src/api/worker/trainer.worker.ts',
  headless: 'src/cli/headless/main.ts',
  // Used only by `wgrad profile --plan`; not an export of the package.
  plan: 'src/train/plan_training.ts',
  // Also used only by the command.
  hyparquet: 'src/data/formats/hyparquet.ts',
  headless_host: 'src/cli/headless/host.ts',
};

/**
 * The worker's script is an entry of the package and shares its files. An app's bundler bundles it with the app. Therefore this build does
 * not bundle the script for own_worker.ts, and only replaces its name with that of the built file.
 */
const workerIsAnEntry: Plugin = {
  name: 'wgrad-worker-is-an-entry',
  apply: 'build',
  enforce: 'pre',
  // Both hooks replace text within a line, so source maps with only lines remain correct, and `map` is null.
  transform: (code, id) =>
    id.endsWith('src/api/worker/own_worker.ts')
      ? { code: code.replaceAll("'./trainer.worker.ts'", 'WGRAD_TRAINER_WORKER'), map: null }
      : undefined,
  renderChunk: (code, { fileName }) => {
    if (!code.includes('WGRAD_TRAINER_WORKER')) return undefined;
    const file = `"${fileName.includes('/') ? '..' : '.'}/trainer.worker.js"`;
    return { code: code.replaceAll('WGRAD_TRAINER_WORKER', file), map: null };
  },
};

/** The headless page that the command drives. It is served together with the library's files. */
const headlessPage: Plugin = {
  name: 'wgrad-headless-page',
  apply: 'build',
  generateBundle() {
    const page = readFileSync(resolve(root, 'src/cli/headless/index.html'), 'utf8');
    this.emitFile({
      type: 'asset',
      fileName: 'headless/index.html',
      source: page.replace('./main.ts', './headless.js'),
    });
  },
};

/** Whether apps use a file of the library. This excludes the command's page and the self-test. */
const isForApps = (fileName: string) => !/headless|kernel_cases|self_test|time_kernel|kernel_launches/.test(fileName);

/** The URL of this version's sources. */
function sourcesOnTheWeb(): string {
  const { repository, version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
  const name = /github\.com\/(.+)\.git$/.exec(repository.url)![1];
  return `https://raw.githubusercontent.com/${name}/v${version}/`;
}

/**
 * The files of the library. Each contains everything that its modules need and that no earlier file contains.
 *
 * No file may load on demand a file that imports it, because bundlers keep such a cycle even in an app that uses none of it. Therefore a
 * trainer consists of four files: `network`, which loads nothing on demand and which the others import, `input`, `fit_loop`, and `trainer`
 * with the rest.
 */
const libraryParts = [
  { name: 'confusion', test: /src\/train\/confusion/ },
  { name: 'errors', test: /src\/(errors|check|figures|product|time_limit|train\/diagnosis)\.ts|valibot/ },
  { name: 'dataset', test: /src\/(data\/dataset|concatenated|image_source|picture_fit|train\/picture)\.ts/ },
  { name: 'network', test: networkModules() },
  { name: 'input', test: /src\/(plan\/(input|load_augmentation)|train\/(trainer|fit)_options)\.ts/ },
  { name: 'fit_loop', test: /src\/train\/fit_loop\.ts/ },
  { name: 'trainer', test: /src\/api\/trainer\.ts/ },
  // The parts of the data set readers that a saved model needs, and that they share with files that they load on demand.
  {
    name: 'unpacking',
    test: /\/fflate\/|src\/crc32\.ts|src\/data\/(archives\/entry|gzip_format|unpacking_errors)\.ts/,
  },
  // The code that the prediction of pictures shares with the data set readers.
  { name: 'png_parts', test: /src\/png\// },
  // Code that all format readers need and that `data` loads on demand. Code that only a few file formats need is loaded separately.
  {
    name: 'data_parts',
    test: /src\/data\/(cifar|class_names|csv|file_formats|formats\/(split_files|table_columns)|held_out|idx|mat|splits)\.ts/,
  },
  {
    name: 'data',
    test: /src\/data\/(?!archives|formats\/(hyparquet|read_|array_|image_values|label_values|lz4|parquet_)|gzip_members|npy)/,
  },
  { name: 'hyparquet', test: /hyparquet/ },
  { name: 'augmentation', test: /src\/augment\/pipeline\.ts/ },
  { name: 'targets', test: /src\/(plan\/targets|train\/sample_weights)\.ts/ },
  { name: 'class_weights', test: /src\/train\/class_weights\.ts/ },
  { name: 'callbacks', test: /src\/train\/(callbacks\/|fit_callbacks)/ },
  { name: 'tuning', test: /src\/(gpu\/unmatched_variants|train\/tune_once)\.ts/ },
  // Modules that are loaded one after the other are smaller if they are compressed together.
  // The faster kernels, and the code that changes to them during a run.
  { name: 'further_variants', test: /src\/(kernels\/further_variants|train\/kernel_upgrades)\.ts/ },
  { name: 'diagnose', test: /src\/(train\/diagnose|plan\/too_large)\.ts/ },
  { name: 'profile_step', test: /src\/train\/(measure_ceilings|profile_step)\.ts/ },
  { name: 'probing', test: /src\/(train|plan)\/prob(ing|es|e_plan)\.ts/ },
  { name: 'reopening', test: /src\/train\/(reopening|snapshot)\.ts/ },
  {
    name: 'evaluate',
    test: /src\/train\/(inference_pass|test_time_augmentation|augmented_predictions|which_weights)\.ts/,
  },
  { name: 'settings', test: /src\/(plan\/parsed_pipeline|train\/fill_\w+)\.ts/ },
  { name: 'verdicts', test: /src\/health\/(noise|verdicts|run_watch|chance)\.ts/ },
  { name: 'comparison', test: /src\/(compare|report)\// },
];

/**
 * Modules shared by a trainer and by the code that it loads on demand, directly or through one of these modules. None of them loads
 * anything on demand.
 */
function networkModules(): RegExp {
  const modules = {
    augment: 'batch',
    gpu: 'device',
    health: 'health|history',
    kernels: 'losses|optimizers',
    model: 'metrics/index|optimizer',
    plan: 'chunks|labels|measurement|mix|network|phases|regularized|settings',
    train: 'checkpoint_every|fit_settings|metrics_of|pace|prediction_facts|require_dataset|step_recordings|weights',
  };
  const paths = Object.entries(modules).map(([folder, names]) => `${folder}/(${names})`);
  return new RegExp(`src/(${paths.join('|')})\\.ts$`);
}

/**
 * The package's entries. Their small dependencies are included, so a page can import the files directly, without a bundler. Rarely used
 * code, such as that for formats, is fetched on demand.
 */
export const library: UserConfig = {
  root,
  plugins: [
    leanShaders,
    shadersTogether,
    leanParquet,
    leanZip,
    workerIsAnEntry,
    headlessPage,
    namesInChunks,
    lineMaps(root, sourcesOnTheWeb(), isForApps),
    noOldChunks(/\.js(\.map)?$/),
    eachLicenseOnce,
  ],
  build: {
    sourcemap: true,
    lib: {
      entry: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, resolve(root, path)])),
      formats: ['es'],
    },
    outDir: 'dist',
    emptyOutDir: false,
    target: 'es2023',
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'chunks/[name]-[hash].js',
        minify: classNamesStay,
        // Parts that are useful on their own are separate files, because a bundler can drop an unused file completely but only little of
        // a file that is used.
        codeSplitting: { groups: libraryParts.map((part, i) => ({ ...part, priority: libraryParts.length - i })) },
      },
    },
  },
};
