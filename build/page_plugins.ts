import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'vite';
import { replaceParts } from './replace_parts.ts';
import { pageRoot, pageScripts, root } from './root.ts';

/**
 * The built page may load only its own files. This does not apply to Vite's development server, whose scripts and styles are of another
 * kind.
 */
export const contentSecurityPolicy: Plugin = {
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

/** What the page does not reach, because it opens its device without special limits and tensor cores. */
const specialDevices: Readonly<Record<string, string>> = {
  '/src/kernels/subgroup_matrix.ts': 'export const matrixKernels = undefined;',
  '/src/selftest/kernels/matrix_checks.ts': 'export const matrixCases = () => [];',
};

export const plainDevices: Plugin = {
  name: 'wgrad-plain-devices',
  apply: 'build',
  enforce: 'pre',
  load: (id) => specialDevices[id.slice(root.length)],
  transform(code, id) {
    if (!id.endsWith('/src/gpu/device.ts')) return undefined;
    const special = /^ {2}if \(options\.tensorCores \|\|[^;]*openSpecial\([^;]*;$/m;
    return { code: replaceParts(this, code, [[special, '']], 'device.ts'), map: null };
  },
};

/** An import of another file, or of a module that is in the same file. */
const imported = String.raw`(?:import\(\`[^\`]+\`\)(?:\.then\([^()]*\))?|Promise\.resolve\(\)\.then\(\(\)=>[\w$]+\))`;

/** Vite's copy of the names that the code takes from an imported module. */
const copiedNames = new RegExp(String.raw`async\(\)=>\{let\{[^{}]*\}=await (${imported});return\{[^{}]*\}\}`, 'g');

/** A dynamic import that Vite has wrapped to preload styles, of which it found none. */
const wrappedImport = new RegExp(String.raw`[\w$]+\(\(\)=>(${imported}),(?:\[\]|void 0),import\.meta\.url\)`, 'g');

/** Removes Vite's wrappers around imports that need no styles. They would only report a failure with an event, to which nothing listens. */
export const plainImports: Plugin = {
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
export const workerSharesChunks: Plugin = {
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
export const serviceWorker: Plugin = {
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
