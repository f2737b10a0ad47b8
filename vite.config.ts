import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { RolldownMagicString } from 'rolldown';
import { defineConfig, mergeConfig, type Plugin, type UserConfig } from 'vite';
import { leanShaders } from './lean_shaders.ts';
import { lineMaps } from './line_maps.ts';
import { pageChunks } from './page_chunks.ts';
import { datasetServer } from './src/cli/dataset_server.ts';
import { readDatasets } from './src/cli/datasets.ts';
import { takeFirst } from './src/data/index.ts';
import { mnistPart } from './src/data/mnist_part.ts';
import { servedListFile } from './src/data/served_datasets.ts';

const root = import.meta.dirname;
const pageRoot = resolve(root, 'src/page');
const pageScripts = {
  page: resolve(pageRoot, 'main.tsx'),
  worker: resolve(pageRoot, 'worker.ts'),
  session: resolve(pageRoot, 'features/run/worker.ts'),
};

/**
 * What the built page may load: its own files and nothing else. Vite's own scripts and styles, while somebody works on it,
 * are of another kind.
 */
const contentSecurityPolicy: Plugin = {
  name: 'wgrad-content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      injectTo: 'head-prepend',
      attrs: {
        'http-equiv': 'Content-Security-Policy',
        content:
          "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
          "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'",
      },
    },
  ],
};

/**
 * What is loaded where it is installed: Vite, by which a clone serves the page from its sources, and BullMQ, which only sweeps over
 * several machines take.
 */
const optionalPackages = ['vite', 'bullmq'];
const optionalStayOutside: Plugin = {
  name: 'wgrad-optional-stay-outside',
  enforce: 'pre',
  resolveId: (id) => (optionalPackages.includes(id) ? { id, external: true } : undefined),
};

/**
 * Parts of hyparquet that reading two columns takes no part of: filters of rows, geometries, variants. They are half of its code, and
 * it is in the page, in the library and in the command.
 */
const parquetParts: Readonly<Record<string, string>> = {
  bloom: 'export const bloomEligibleColumns = () => [], readBloomFilter = () => undefined;',
  filter:
    'export const pathsNeededForFilter = () => [], columnsNeededForFilter = () => [], matchFilter = () => true, ' +
    'canSkipRowGroup = () => false, filterPageRanges = () => undefined;',
  geoparquet: 'export const markGeoColumns = () => undefined;',
  variant: 'export const decodeVariantColumn = (value) => value;',
  wkb: 'export const wkbToGeojson = () => undefined;',
};

const leanParquet: Plugin = {
  name: 'wgrad-lean-parquet',
  enforce: 'pre',
  load: (id) => parquetParts[/\/hyparquet\/src\/(\w+)\.js$/.exec(id)?.[1] ?? ''],
};

/**
 * Parts of uPlot that no chart of the page has, two fifths of its code: axes of dates, bars, steps, splines and bands, tables to join, a legend,
 * charts whose cursors move together, selecting a range with the mouse, axes that change places, and other scales than linear and
 * logarithmic ones. Conditions that are the same for all charts become constants, so that the bundler drops what depends on them.
 */
const plotParts: readonly [part: RegExp, replacement: string][] = [
  [/^function fmtDate\([\s\S]*?^\}/m, 'const fmtDate = () => () => "";'],
  [/^function genTimeStuffs\([\s\S]*?^\}/m, 'const genTimeStuffs = () => [[], [], () => () => []];'],
  [/^\t?uPlot\.(assign|fmtNum|range\w*|orient|join|fmtDate|tzDate|sync|addGap|clipGaps)\s+= \w+;$/gm, ''],
  [/\(paths\.stepped[\s\S]*?monotoneCubic\);/, ''],
  [/^function join\([\s\S]*?^\}/m, 'const join = undefined;'],
  [/^function tzDate\([\s\S]*?^\}/m, 'const tzDate = undefined;'],
  [/^function timeAxisVals\([\s\S]*?^\}/m, 'const timeAxisVals = () => undefined;'],
  [/^function clipBandLine\([\s\S]*?^\}/m, 'const clipBandLine = undefined;'],
  [/^function asinhAxisSplits\([\s\S]*?^\}/m, 'const asinhAxisSplits = undefined;'],
  [/^function log2AxisValsFilt\([\s\S]*?^\}/m, 'const log2AxisValsFilt = undefined;'],
  [/const showLegend = legend\.show;/, 'const showLegend = false;'],
  [/const cursorFocus = focus\.prox >= 0;/, 'const cursorFocus = false;'],
  [/const mode = u\.mode;/, 'const mode = 1;'],
  [/(const|let) mode = self\.mode;/g, 'const mode = 1;'],
  [/\b(sc\.|scale\.)?distr == (2|4|100)\b|\b(xScaleDistr == 2|scaleX\.ori == 1|src != null)\b/g, 'false'],
  [/\b(scaleX\.ori == 0|src == null)\b/g, 'true'],
  [/let isTime = (mode == 1 && )?\w[\w.[\]]*;/g, 'const isTime = false;'],
  [/^function _sync\([\s\S]*?^\}/m, 'const _sync = () => ({ pub() {}, sub() {}, unsub() {} });'],
  [/^function rangeAsinh\([\s\S]*?^\}/m, 'const rangeAsinh = undefined;'],
  [/^\tfunction dblClick\([\s\S]*?^\t\}/m, 'const dblClick = () => {};'],
  [/^\t\tif \(select\.show && dragging\) \{[\s\S]*?^\t\t\}/m, ''],
  [/^\t\tif \(dragging\) \{[\s\S]*?^\t\t\}/m, ''],
  [
    /^\tfunction mouseDown\([\s\S]*?^\t\}\s*function mouseUp\([\s\S]*?^\t\}/m,
    'const mouseDown = () => {}, mouseUp = mouseDown;',
  ],
];

const leanPlot: Plugin = {
  name: 'wgrad-lean-plot',
  apply: 'build',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('/uPlot.esm.js')) return undefined;
    for (const [part, replacement] of plotParts) {
      if (!part.test(code)) this.error(`uPlot has changed: ${part} is not in it`);
      code = code.replace(part, replacement);
    }
    return { code, map: null };
  },
};

/** In a chunk before it is minified: a module with nothing but the text of a shader. */
const shaderModule = /^\/\/ \S+\.wgsl\?raw\n(var [\w$]+ = "(?:[^"\\\n]|\\.)*";)\n/gm;

/** Moves the texts of all shaders in a chunk next to each other, where they are compressed better than between the code. */
const shadersTogether: Plugin = {
  name: 'wgrad-shaders-together',
  apply: 'build',
  renderChunk(code) {
    const shaders = [...code.matchAll(shaderModule)];
    if (shaders.length === 0) return null;
    const moved = new RolldownMagicString(code);
    // They depend on nothing, so they may come first.
    for (const { 0: text, index } of shaders) if (index > 0) moved.move(index, index + text.length, 0);
    return moved;
  },
};

/** The code of a module whose only effect is this error. */
const fail = (message: string) => `throw new Error(${JSON.stringify(message)});`;

/**
 * Parts of Puppeteer that no command reaches, or that hardly anybody needs, and that would be a third of the package. Code that
 * reaches them anyhow gets one of these errors.
 */
const unreached: [pattern: RegExp, code: string][] = [
  [
    /\/BidiOverCdp\.js$/,
    `export const connectBidiOverCdp = () => { ${fail('wgrad speaks to Chrome in its own protocol')} }`,
  ],
  [/\/Device\.js$/, 'export const KnownDevices = {};'],
  // The command presses no keys in Firefox.
  [/\/bidi\/Input\.js$/, 'export class BidiKeyboard {} export class BidiMouse {} export class BidiTouchscreen {}'],
  [/\/USKeyboardLayout\.js$/, 'export const _keyDefinitions = {};'],
  [
    /\/urlpattern-polyfill\.js$/,
    `export class URLPattern { constructor() { ${fail('wgrad blocks no addresses by patterns')} } }`,
  ],
  [
    /^(pac|socks)-proxy-agent$/,
    fail(
      'wgrad downloads through HTTP proxies, not through SOCKS or by PAC scripts: set HTTPS_PROXY to an HTTP proxy, ' +
        'or install Chrome and give its path with --chrome',
    ),
  ],
];

const unreachedParts: Plugin = {
  name: 'wgrad-unreached',
  enforce: 'pre',
  resolveId: (name, importer) => {
    // Two folders of Puppeteer have a file of this name.
    const id = name === './Input.js' && importer ? resolve(importer, '..', name) : name;
    // Fifty kilobytes, of which Puppeteer needs what this file has.
    if (id === 'ws') return resolve(root, 'src/cli/hosts/web_socket.ts');
    const at = unreached.findIndex(([pattern]) => pattern.test(id));
    return at < 0 ? undefined : `\0unreached-${at}`;
  },
  load: (id) => {
    const at = /^\0unreached-(\d+)$/.exec(id)?.[1];
    return at === undefined ? undefined : unreached[Number(at)]![1];
  },
};

/**
 * Puppeteer writes names into functions before it sends them to Firefox, in place of PLACEHOLDER('name'), which it looks for in the
 * functions' text. Minified code has backticks there.
 */
const placeholdersOfPuppeteer: Plugin = {
  name: 'wgrad-placeholders-of-puppeteer',
  enforce: 'pre',
  transform(code, id) {
    if (!id.endsWith('puppeteer/util/Function.js')) return undefined;
    const quoted = /\(\?:'(\$\{name\})'\|"\1"\)/;
    if (!quoted.test(code)) this.error('Puppeteer has changed: it looks for its placeholders in another way');
    return { code: code.replace(quoted, `['"\\x60]$1['"\\x60]`), map: null };
  },
};

/**
 * The licenses of what is bundled, each text once: of two packages with the same one, the second has its copyright and a reference.
 */
const eachLicenseOnce: Plugin = {
  name: 'wgrad-each-license-once',
  enforce: 'post',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const file = bundle['licenses.md'];
      if (file?.type !== 'asset') return;
      const owners = new Map<string, string>();
      const sections = String(file.source).split(/^(?=## )/m);
      file.source = sections
        .map((section) => {
          const name = /^## (.*)$/m.exec(section)?.[1];
          const text = /^(Permission is hereby granted|Permission to use| *Apache License)[\s\S]*$/m.exec(section);
          if (!name || !text) return section;
          const words = text[0].replaceAll(/[^a-zA-Z]+/g, ' ').trim();
          const owner = owners.get(words);
          if (!owner) owners.set(words, name);
          return owner ? `${section.slice(0, text.index)}The text is that of ${owner}, above.\n\n` : section;
        })
        .join('');
    },
  },
};

/** Small, but classes keep their names, so that an error says what it is. Names of functions would take 190 kB of the package. */
const classNamesStay = {
  compress: true,
  mangle: { keepNames: { function: false, class: true } },
  codegen: { removeWhitespace: true },
};

/** A program for Node, and beside it the one that downloads a Chrome. */
const nodeProgram = (main: string, outDir: string): UserConfig => ({
  root,
  build: {
    ssr: true,
    outDir,
    emptyOutDir: true,
    target: 'node20',
    rolldownOptions: {
      input: { main: resolve(root, main), download_chrome: resolve(root, 'src/cli/download_chrome.js') },
      // In one folder, since the sources find files from where they lie, two folders below the root.
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
});

/** The same with everything that it imports: who installs it installs nothing else. */
function packagedProgram(main: string, outDir: string): UserConfig {
  const program = nodeProgram(main, outDir);
  return mergeConfig(program, {
    plugins: [
      partsAreInTheLibrary,
      optionalStayOutside,
      unreachedParts,
      placeholdersOfPuppeteer,
      leanShaders,
      leanParquet,
      eachLicenseOnce,
    ],
    build: { license: { fileName: 'licenses.md' }, rolldownOptions: { output: { minify: classNamesStay } } },
    ssr: { noExternal: true },
  });
}

/**
 * What the command takes from the library's files instead of bundling it again: plans, which need all kernels, and hyparquet. A module
 * here stays outside, and its name becomes that of the library's entry.
 */
const libraryFiles: Readonly<Record<string, string>> = {
  '../train/plan_training.ts': '../plan.js',
  './hyparquet.ts': '../hyparquet.js',
};
const nameOutside = (id: string) => `wgrad-library:${id}`;

const partsAreInTheLibrary: Plugin = {
  name: 'wgrad-parts-are-in-the-library',
  enforce: 'pre',
  resolveId: (id) => (libraryFiles[id] ? { id: nameOutside(id), external: true } : undefined),
  renderChunk: (code) =>
    Object.entries(libraryFiles).reduce((text, [id, file]) => text.replaceAll(nameOutside(id), file), code),
};

/**
 * What a server of files alone has of data sets: a part of MNIST, as gzipped IDX files, and a list that names no set
 * which is there as a whole. `wgrad dev` and Vite answer with a list of their own.
 */
const staticDatasets: Plugin = {
  name: 'wgrad-static-datasets',
  apply: ({ root }, { command }) => command === 'build' && root === pageRoot,
  async generateBundle() {
    const emit = (fileName: string, source: string | Uint8Array) => this.emitFile({ type: 'asset', fileName, source });
    const whole = await readDatasets('mnist');
    const pack = async (name: string, file: Uint8Array) =>
      emit(mnistPart.folder + name, await promisify(gzip)(file, { level: 9, memLevel: 9 }));
    await Promise.all(
      (['train', 'test'] as const).flatMap((part) => {
        const { images, labels, imageShape, count } = takeFirst(whole[part], mnistPart[part].count);
        const [height, width] = imageShape;
        const names = mnistPart.files[part];
        return [
          pack(names.images, idx([count, height, width], images)),
          pack(names.labels, idx([count], Uint8Array.from(labels))),
        ];
      }),
    );
    emit(`${mnistPart.folder}NOTICE.md`, readFileSync(resolve(root, 'data/MNIST-NOTICE.md')));
    emit(servedListFile, '{}\n');
  },
};

/**
 * The page's worker as an entry of the page's own build, so that both fetch and keep what they share once: definitions of layers,
 * checks of options, words. Vite would bundle a worker by itself, with all of that in it again.
 */
const workerSharesChunks: Plugin = {
  name: 'wgrad-worker-shares-chunks',
  apply: ({ root }, { command }) => command === 'build' && root === pageRoot,
  enforce: 'pre',
  buildStart() {
    workerFile = this.emitFile({ type: 'chunk', id: pageScripts.worker, name: 'worker' });
  },
  transform(code, id) {
    if (id === pageScripts.page) {
      const url = `import.meta.ROLLUP_FILE_URL_${workerFile}`;
      return { code: code.replace("new URL('./worker.ts', import.meta.url)", url), map: null };
    }
    // Vite's own frame of imports on demand reports a failure to the window, which a worker doesn't have.
    if (id.includes('vite/preload-helper')) return { code: code.replace('window.', 'globalThis.'), map: null };
    return undefined;
  },
};
let workerFile = '';

/**
 * The page's service worker, with the list of all files that it keeps, which is known when all are written. The self-test isn't kept:
 * it is large, and few run it.
 */
const serviceWorker: Plugin = {
  name: 'wgrad-service-worker',
  apply: ({ root }, { command }) => command === 'build' && root === pageRoot,
  buildStart() {
    this.emitFile({ type: 'chunk', id: resolve(pageRoot, 'service_worker.ts'), fileName: serviceWorkerFile });
  },
  writeBundle({ dir }) {
    const folder = dir!;
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(
        (entry) =>
          entry.isFile() && !/\.md$|^run_self_test|^(index\.html|preview\.png|datasets\.json)$/.test(entry.name),
      )
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((file) => file !== serviceWorkerFile)
      .sort();
    const contents = createHash('sha256');
    for (const file of ['index.html', ...files]) contents.update(file).update(readFileSync(join(folder, file)));
    const path = join(folder, serviceWorkerFile);
    const lists = `const builtFiles=${JSON.stringify(files)},builtVersion="${contents.digest('hex').slice(0, 12)}";`;
    writeFileSync(path, `${lists}\n${readFileSync(path, 'utf8')}`);
  },
};
const serviceWorkerFile = 'service-worker.js';

/** An IDX file of bytes. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.from([0, 0, 0x08, shape.length, ...shape.flatMap(() => [0, 0, 0, 0])]);
  for (const [i, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, data]);
}

/** The scripts that run the suite of `npm run test:portable` in Node and Deno, and its page, beside it. */
const hostScripts: Plugin = {
  name: 'wgrad-host-scripts',
  apply: 'build',
  generateBundle() {
    for (const fileName of ['node_host.js', 'deno_host.js', 'page.html']) {
      this.emitFile({ type: 'asset', fileName, source: readFileSync(resolve(root, 'test/portable', fileName)) });
    }
  },
};

/** Gzips a script that no page loads directly, to a third of its size. */
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

/**
 * The entries of the package, and the scripts of the page and of the process that the command drives: they share their modules, so that an error of one is
 * an instance of the other's class, and so that the package has each module once.
 */
const entries = {
  index: 'src/index.ts',
  formats: 'src/formats/index.ts',
  worker: 'src/api/worker/index.ts',
  'trainer.worker': 'src/api/worker/trainer.worker.ts',
  headless: 'src/cli/headless/main.ts',
  // For `wgrad profile --plan` alone: no export of the package.
  plan: 'src/train/plan_training.ts',
  // For the command alone, too.
  hyparquet: 'src/data/formats/hyparquet.ts',
  headless_host: 'src/cli/headless/host.ts',
};

/**
 * The worker's script is an entry of the package and shares its files; the bundler of an app bundles it with the app. So this build
 * doesn't bundle the script for own_worker.ts, and only replaces its name by that of the built file.
 */
const workerIsAnEntry: Plugin = {
  name: 'wgrad-worker-is-an-entry',
  apply: 'build',
  enforce: 'pre',
  // Both replace a text within its line, so that source maps by lines stay right: `map: null`.
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

/** The page without a face that the command drives, and which it serves together with the library's files. */
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

/** Whether apps run a file of the library: all but the command's page and the self-test. */
const isForApps = (fileName: string) => !/headless|kernel_cases|self_test|time_kernel|kernel_launches/.test(fileName);

/** Where the sources of this version are. */
function sourcesOnTheWeb(): string {
  const { repository, version } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'));
  const name = /github\.com\/(.+)\.git$/.exec(repository.url)![1];
  return `https://raw.githubusercontent.com/${name}/v${version}/`;
}

/** Chunks of earlier builds have other names, and would be packed. */
const noOldChunks: Plugin = {
  name: 'wgrad-no-old-chunks',
  apply: 'build',
  writeBundle({ dir }, bundle) {
    for (const name of readdirSync(join(dir!, 'chunks'))) {
      if (/\.js(\.map)?$/.test(name) && !(`chunks/${name}` in bundle)) rmSync(join(dir!, 'chunks', name));
    }
  },
};

/**
 * Files of the library, each with all that its modules need and no file before it has.
 *
 * No file may load on demand a file that imports it: a bundler keeps such a cycle in an app that uses nothing of it. So a trainer is
 * four files: `network`, which loads nothing on demand and which the others import, `input`, `fit_loop`, and `trainer` with the rest.
 */
const libraryParts = [
  { name: 'confusion', test: /src\/train\/confusion/ },
  { name: 'errors', test: /src\/(errors|check|figures|product|time_limit|train\/diagnosis)\.ts|valibot/ },
  { name: 'dataset', test: /src\/(data\/dataset|concatenated|image_source|picture_fit|train\/picture)\.ts/ },
  { name: 'network', test: networkModules() },
  { name: 'input', test: /src\/(plan\/(input|load_augmentation)|train\/trainer_options)\.ts/ },
  { name: 'fit_loop', test: /src\/train\/fit_loop\.ts/ },
  { name: 'trainer', test: /src\/api\/trainer\.ts/ },
  // What a saved model needs of the readers of data sets, and what they share with files that they load on demand.
  {
    name: 'unpacking',
    test: /\/fflate\/|src\/crc32\.ts|src\/data\/(archives\/entry|gzip_format|unpacking_errors)\.ts/,
  },
  // What the prediction of pictures shares with the readers of data sets.
  { name: 'png_parts', test: /src\/png\// },
  // What few formats of files need is fetched on demand.
  // What the readers of formats need, which `data` loads on demand.
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
  { name: 'callbacks', test: /src\/train\/callbacks\// },
  { name: 'tuning', test: /src\/(gpu\/unmatched_variants|train\/tune_once)\.ts/ },
  // Modules that are fetched one after the other are smaller together.
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

/** Modules that a trainer and what it loads on demand share, directly or through one of these: none of them loads anything on demand. */
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
 * What `npm run build` makes, a mode for each: `vite build --mode library`. Without a mode it is the page, which is
 * also what `vite` serves while somebody works on it.
 */
const targets: Record<string, UserConfig> = {
  // The package's entries. Their small dependencies go in: a page can import the files as they are, without a bundler, and fetches
  // code that few need, the formats for example, on demand.
  library: {
    root,
    plugins: [
      leanShaders,
      shadersTogether,
      leanParquet,
      workerIsAnEntry,
      headlessPage,
      lineMaps(root, sourcesOnTheWeb(), isForApps),
      noOldChunks,
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
          // Parts that are useful alone are files of their own: a bundler leaves out unused files, but little of a file.
          codeSplitting: { groups: libraryParts.map((part, i) => ({ ...part, priority: libraryParts.length - i })) },
        },
      },
    },
  },
  // The script of a page with a model in it: one file, which `wgrad export --format html` puts into the page.
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
  // The command once more, with `bench` in it, and the page where wgrad and its peers train.
  bench: nodeProgram('test/bench/main.ts', 'dist/bench'),
  'bench-page': {
    root: resolve(root, 'test/bench/page'),
    base: './',
    build: { outDir: resolve(root, 'dist/bench-page'), emptyOutDir: true, target: 'es2023', minify: false },
  },
  // What looks at the page: `npm run screenshots`.
  screenshots: nodeProgram('test/screenshots/main.ts', 'dist/screenshots'),
  // What interrupts runs: `npm run crash-test`.
  'crash-test': nodeProgram('test/crash/main.ts', 'dist/crash-test'),
  // What disturbs sweeps over several workers: `npm run chaos`.
  chaos: nodeProgram('test/queue/main.ts', 'dist/chaos'),
  // What runs in every host: `npm run test:portable`.
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
  // What measures a GPU on a machine without wgrad: `npm run gpu-kit`.
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
  page: {
    root: pageRoot,
    base: './',
    plugins: [
      datasetServer(),
      contentSecurityPolicy,
      leanShaders,
      leanParquet,
      leanPlot,
      shadersTogether,
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
        // Every browser with WebGPU has it by itself.
        polyfill: false,
        // A worker has no document to ask for them beforehand, and its modules are the page's. Styles are asked for by the page alone.
        resolveDependencies: (_, files, { hostType }) =>
          hostType === 'js' ? files.filter((file) => file.endsWith('.css')) : files,
      },
      target: 'es2023',
      license: { fileName: 'licenses.md' },
      rolldownOptions: {
        // The part of MNIST takes most of the time: that is no news.
        checks: { pluginTimings: false },
        output: {
          // The package has no other copy of the digits: the command reads this one, and apps import it by its name.
          assetFileNames: ({ names }) =>
            `assets/${names.includes('digits.csv.gz') ? '[name]' : '[name]-[hash]'}[extname]`,
          ...pageChunks(pageScripts, {
            studio: 'page/(main|studio).tsx',
            worker: 'page/worker.ts',
            // What trains, with small modules that most runs call for.
            session:
              '(page/features/run/worker|plan/joint_launches|gpu/join|train/(batch|callbacks/index|evaluate|judging|predict|probing|reopening|sample_weights|snapshot|split)).ts',
            // What looks through the digits of the first visit, and reads the page's part of MNIST: not with all that reads files.
            built_in: '(page/app/worker/cleaning|data/mnist_part).ts',
            // The page fetches the rest when it is idle, and what a click needs before that is one of these.
            own_data:
              '(page/app/worker/own_data|data/(archives|formats)/(?!parquet_codecs|lz4)\\w+|data/(identify|mat)).ts',
            png_pictures: 'png/png_pictures.ts',
            further:
              '(augment/symmetric_eigen|kernels/further_variants|plan/(further_training|keras_input|layers/further)).ts',
            later:
              '(api/save_trainer|gpu/unmatched_variants|page/features/\\w+/(gpu_check_|questions_|saved_run_)?worker|plan/(place_images|too_large)|train/(augmented_predictions|class_weights|dataset_gradients|diagnose|learning_rate_finder|measure_ceilings|picture_input|prediction_loss|profile_step|sample_step|tune_once)).ts',
            kept: 'page/kept.tsx',
            // What most people look at after a run, and what only a click opens.
            after_training:
              'page/(after_training|features/(map/(layer_detail|run_verdict)|profile/gpu_check|run/(key_of_twins|resume|saved_run))).tsx?',
            opened:
              '(page/features/(data/(data_numbers|read_files|webcam)|lessons/(panel|sigmoid|batch_norm|augmentation)|training/(goal_forms|rate_finder)|twins/model)|report/report|train/apply_change).(tsx?|json)',
          }),
        },
      },
    },
    // Known from the start: Vite reloads a page in which it finds a dependency later, and that would end a run.
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
    // Shaders, data and the library lie above the root.
    server: { fs: { allow: [root] } },
  },
};

/** The command needs at once what the page imports on demand, so an import that splits nothing off in one of them is expected. */
const importsOnDemand: UserConfig = {
  build: { rolldownOptions: { checks: { ineffectiveDynamicImport: false } } },
  worker: { rolldownOptions: { checks: { ineffectiveDynamicImport: false } } },
};

export default defineConfig(({ mode }) => mergeConfig(targets[mode] ?? targets.page!, importsOnDemand));
