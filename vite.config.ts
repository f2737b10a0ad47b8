import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve, sep } from 'node:path';
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
};

/**
 * The built page may load only its own files. This does not apply to Vite's development server, whose scripts and styles are of another
 * kind.
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
 * Packages that are not bundled but loaded from where they are installed: Vite, with which a clone serves the page from its sources, and
 * BullMQ, which only sweeps over several machines need.
 */
const optionalPackages = ['vite', 'bullmq'];
const optionalStayOutside: Plugin = {
  name: 'wgrad-optional-stay-outside',
  enforce: 'pre',
  resolveId: (id) => (optionalPackages.includes(id) ? { id, external: true } : undefined),
};

/**
 * Parts of hyparquet that are not needed to read two columns: row filters, geometries and variants. They are half of its code, which the
 * page, the library and the command all contain.
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

/** Likewise within files that are needed: what depends on statistics, page indexes, row filters, rows as arrays and partial results. */
const parquetCuts: Readonly<Record<string, readonly [part: RegExp, replacement: string][]>> = {
  plan: [
    [/^export async function prefetchBloomFilters\([\s\S]*?^\}/m, ''],
    [/^export async function prefetchPageIndexes\([\s\S]*?^\}/m, ''],
    [/filter \? \{[\s\S]*?\} : schemaElements/, 'undefined'],
    [/^ {6}if \(ranges\.length > 1\) \{[\s\S]*?^ {6}\}/m, ''],
    [/^ {4}if \(chunkPageLocations[\s\S]*?^ {4}\} else \{/m, '    {'],
  ],
  scan: [
    [/, prefetchBloomFilters, prefetchPageIndexes/, ''],
    [/^ {2}prepared = await with\w+\(prepared\)$/gm, ''],
    [/^async function with(BloomFilters|PageIndexes)\([\s\S]*?^\}/gm, ''],
  ],
  metadata: [[/^function convertStats\([\s\S]*?^\}/m, 'const convertStats = () => undefined;']],
  column: [[/^function pageStatistics\([\s\S]*?^\}/m, 'const pageStatistics = () => undefined;']],
  rowgroup: [
    [/^ {4}if \('pageLocations' in chunk\) \{[\s\S]*?^ {4}\} else \{/m, '    {'],
    [/^ {2}if \(rowFormat === 'object'\) (\{[\s\S]*?^ {2}\})[\s\S]*?^\}/m, '  $1\n}'],
  ],
  read: [
    [/^ {2}if \(onChunk\) \{[\s\S]*?^ {2}\}/m, ''],
    [/^ {6}if \(options\.includeRowIndex\) \{[\s\S]*?^ {6}\}/m, ''],
    [/^ {6}if \(filter\) \{[\s\S]*?^ {6}\} else \{/m, '      {'],
  ],
};

const leanParquet: Plugin = {
  name: 'wgrad-lean-parquet',
  enforce: 'pre',
  load: (id) => parquetParts[parquetFile(id)],
  transform(code, id) {
    const cuts = parquetCuts[parquetFile(id)];
    return cuts && { code: withParts(this, code, cuts, 'hyparquet'), map: null };
  },
};

/** What the page does not reach, because it opens its device without special limits and tensor cores. */
const specialDevices: Readonly<Record<string, string>> = {
  '/src/kernels/subgroup_matrix.ts': 'export const matrixKernels = undefined;',
  '/src/selftest/kernels/matrix_checks.ts': 'export const matrixCases = () => [];',
};

const plainDevices: Plugin = {
  name: 'wgrad-plain-devices',
  apply: 'build',
  enforce: 'pre',
  load: (id) => specialDevices[id.slice(root.length)],
  transform(code, id) {
    if (!id.endsWith('/src/gpu/device.ts')) return undefined;
    const special = /^ {2}if \(options\.tensorCores \|\|[^;]*openSpecial\([^;]*;$/m;
    return { code: withParts(this, code, [[special, '']], 'device.ts'), map: null };
  },
};

/** fflate without its compressor: all archives are written uncompressed, because weights hardly compress. */
const leanZip: Plugin = {
  name: 'wgrad-lean-zip',
  apply: 'build',
  enforce: 'pre',
  transform(code, id) {
    if (!/\/fflate\/esm\/(browser|index)\.m?js$/.test(id)) return undefined;
    const parts: [RegExp, string][] = [[/var d = compression \? deflateSync\(file, p\) : file,/, 'var d = file,']];
    return { code: withParts(this, code, parts, 'fflate'), map: null };
  },
};

/** The name of a file of hyparquet; empty for other files. */
const parquetFile = (id: string): string => /\/hyparquet\/src\/(\w+)\.js$/.exec(id)?.[1] ?? '';

/** Replaces parts of a library's code, and ends the build if one of them is not in it. */
function withParts(
  build: { error(message: string): never },
  code: string,
  parts: readonly [part: RegExp, replacement: string][],
  library: string,
): string {
  return parts.reduce((text, [part, replacement]) => {
    const replaced = text.replace(part, replacement);
    if (replaced === text) build.error(`${library} has changed: ${part} is not in it`);
    return replaced;
  }, code);
}

/**
 * Parts of uPlot that no chart of the page uses, which are two fifths of its code: date axes, bars, steps, splines and bands, joined
 * tables, legends, linked cursors, range selection with the mouse, swapped axes, and scales that are neither linear nor logarithmic.
 * Conditions that are the same for all charts become constants, so that the bundler drops the code that depends on them.
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
    return { code: withParts(this, code, plotParts, 'uPlot'), map: null };
  },
};

/** Matches a module that contains only the text of a shader, in a chunk that is not minified yet. */
const shaderModule = /^\/\/ \S+\.wgsl\?raw\n(var [\w$]+ = "(?:[^"\\\n]|\\.)*";)\n/gm;

/** Moves the texts of all shaders in a chunk next to each other, because they compress better that way than scattered among the code. */
const shadersTogether: Plugin = {
  name: 'wgrad-shaders-together',
  apply: 'build',
  renderChunk(code) {
    const shaders = [...code.matchAll(shaderModule)];
    if (shaders.length === 0) return null;
    const moved = new RolldownMagicString(code);
    // Shaders have no dependencies, so they can come first.
    for (const { 0: text, index } of shaders) if (index > 0) moved.move(index, index + text.length, 0);
    return moved;
  },
};

/** An import of another file, or of a module that is in the same file. */
const imported = String.raw`(?:import\(\`[^\`]+\`\)(?:\.then\([^()]*\))?|Promise\.resolve\(\)\.then\(\(\)=>[\w$]+\))`;
/** Vite's copy of the names that the code takes from an imported module. */
const copiedNames = new RegExp(String.raw`async\(\)=>\{let\{[^{}]*\}=await (${imported});return\{[^{}]*\}\}`, 'g');
/** A dynamic import that Vite has wrapped to preload styles, of which it found none. */
const wrappedImport = new RegExp(String.raw`[\w$]+\(\(\)=>(${imported}),(?:\[\]|void 0),import\.meta\.url\)`, 'g');

/** Removes Vite's wrappers around imports that need no styles. They would only report a failure with an event, to which nothing listens. */
const plainImports: Plugin = {
  name: 'wgrad-plain-imports',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'chunk') continue;
        file.code = file.code.replace(copiedNames, '()=>$1').replace(wrappedImport, '$1');
      }
    },
  },
};

/** The code of a module that only throws this error. */
const fail = (message: string) => `throw new Error(${JSON.stringify(message)});`;

/**
 * Parts of Puppeteer that no command reaches, or that hardly any user needs. They would be a third of the package. Code that reaches them
 * nevertheless throws one of these errors.
 */
const unreached: [pattern: RegExp, code: string][] = [
  [
    /\/BidiOverCdp\.js$/,
    `export const connectBidiOverCdp = () => { ${fail('wgrad speaks to Chrome in its own protocol')} }`,
  ],
  [/\/Device\.js$/, 'export const KnownDevices = {};'],
  // The command does not press keys in Firefox.
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
    // The package ws has 50 kB, of which Puppeteer uses only what this file implements.
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
 * Before Puppeteer sends functions to Firefox, it replaces each PLACEHOLDER('name') in their source text. It does not recognize the
 * backticks that minified code has in place of the quotes.
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
 * Lists the licenses of all bundled packages, with each license text only once. If two packages have the same text, the second one has its
 * copyright line and a reference to the first.
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

/** Minifies, but keeps the names of classes, so that an error states its class. The names of functions would add 190 kB to the package. */
const classNamesStay = {
  compress: true,
  mangle: { keepNames: { function: false, class: true } },
  codegen: { removeWhitespace: true },
};

/** A program for Node, built together with the script that downloads Chrome. */
const nodeProgram = (main: string, outDir: string): UserConfig => ({
  root,
  build: {
    ssr: true,
    outDir,
    emptyOutDir: true,
    target: 'node20',
    rolldownOptions: {
      input: { main: resolve(root, main), download_chrome: resolve(root, 'src/cli/download_chrome.js') },
      // All files are in one folder, two levels below the root, because the sources locate other files relative to their own.
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
});

/** Like `nodeProgram`, but bundles all dependencies, so that users install nothing else. */
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
 * Modules that the command imports from the library's files instead of bundling them a second time: plans, which need all kernels, and
 * hyparquet. Each of these modules is external, and its name is replaced by that of the library's entry.
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
 * The data sets of a server that only serves files: a part of MNIST as gzipped IDX files, and a list without any complete data set. `wgrad
 * dev` and Vite answer with their own lists.
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
 * Replaces Vite's helper for dynamic imports, which also preloads scripts. It loads the styles of a chunk with the chunk. After a failure,
 * the next call tries again.
 */
const styledImport = `
const loads = {};
const load = (href) => loads[href] ??= new Promise((resolve, reject) => {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.crossOrigin = '';
  link.href = href;
  link.onload = resolve;
  link.onerror = () => {
    link.remove();
    delete loads[href];
    reject(new Error('Unable to load ' + href));
  };
  document.head.append(link);
});
export const __vitePreload = async (chunk, styles, base) => {
  await Promise.all((styles ?? []).map((style) => load(new URL(style, base).href)));
  return chunk();
};
`;

/**
 * Makes the page's worker an entry of the page's own build, so that the code that both share (layer definitions, option checks, texts) is
 * downloaded and cached only once. By default, Vite bundles a worker separately, with a second copy of this code.
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
    if (id.includes('vite/preload-helper')) return { code: styledImport, map: null };
    return undefined;
  },
};
let workerFile = '';

/**
 * Builds the page's service worker with a list of all files to cache, which is known only after they have been written. The self-test is
 * not cached, because it is large and rarely run.
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

/** Encodes bytes as an IDX file. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = Buffer.from([0, 0, 0x08, shape.length, ...shape.flatMap(() => [0, 0, 0, 0])]);
  for (const [i, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * i);
  return Buffer.concat([header, data]);
}

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

/** Matches a file that only gives the exports of another one their names in the source. */
const renaming = /^export\{([^}]*)\}from"\.\/([^"]+)";?\s*$/;

/**
 * Lets dynamic imports load the chunk with the code directly. If a chunk combines several modules that are imported on demand, Rolldown
 * writes a file for each of them that only renames exports of the chunk, and which would have to be requested first.
 */
const namesInChunks: Plugin = {
  name: 'wgrad-names-in-chunks',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const chunks = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? [file] : []));
      for (const file of chunks) {
        const [, names, from] = (!file.isEntry && renaming.exec(file.code)) || [];
        const target = chunks.find(({ fileName }) => from && fileName.endsWith(`/${from}`));
        const own = target && /\bexport\{([^}]*)\};?(?=\s*(?:\/\/.*\s*)?$)/.exec(target.code);
        if (!names || !own) continue;
        const locals = new Map(own[1]!.split(',').map((name) => name.split(' as ').reverse() as [string, string]));
        const added = names.split(',').map((name) => name.split(' as ').reverse() as [string, string?]);
        const exports = added.map(([name, inner = name]) => `${locals.get(inner) ?? inner} as ${name}`);
        if (added.some(([name]) => locals.has(name))) continue;
        target.code = `${target.code.slice(0, own.index)}export{${[own[1], ...exports]}};${target.code.slice(own.index + own[0].length)}`;
        const name = basename(file.fileName);
        // An entry is in another folder than the chunks that it imports.
        for (const other of chunks) other.code = other.code.replaceAll(`/${name}\``, `/${from}\``);
        delete bundle[file.fileName];
        delete bundle[`${file.fileName}.map`];
      }
    },
  },
};

/** Removes chunks of earlier builds, which have other names and would otherwise be part of the package. */
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
  { name: 'input', test: /src\/(plan\/(input|load_augmentation)|train\/trainer_options)\.ts/ },
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
 * The builds of `npm run build`, one for each mode: `vite build --mode library`. Without a mode, the page is built, which is also what
 * Vite's development server serves.
 */
const targets: Record<string, UserConfig> = {
  // The package's entries. Their small dependencies are included, so a page can import the files directly, without a bundler. Rarely used
  // code, such as that for formats, is fetched on demand.
  library: {
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
      noOldChunks,
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
  },
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
  page: {
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
  },
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
