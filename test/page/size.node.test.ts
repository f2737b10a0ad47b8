import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import { type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { serve } from '../../src/cli/server.ts';
import { drawFive, openStudio, patience, press, type Studio, until } from './studio.ts';

/**
 * Compressed bytes of JavaScript that a first visit may fetch, including the worker's: until Train can be pressed, and with the
 * training code, which follows immediately. Kernels that a first run doesn't need are fetched on demand. The definitions of all
 * layers, optimizers, schedules, losses and metrics are included, because the forms and the URL are validated with them. uPlot,
 * which draws the sample run's plots, is fetched when the page is ready. These are gzip's bytes, which every static host delivers;
 * the total is also counted with Brotli, which every browser with WebGPU supports. The self-test, with a float64 twin of every
 * kernel, is counted separately: it is only fetched to check a GPU. So are the decoders of rare files (Zstandard and LZ4 in Parquet
 * tables, small PNGs and those of 16 bits, which are decoded without the browser) and the storage of activations in float16: they are only
 * fetched for such files and runs.
 */
const most = {
  ready: 150_000,
  all: 240_000,
  everything: { gzip: 429_200, brotli: 380_700 },
  selfTest: 60_000,
  rareFiles: 9000,
};

let studio: Studio;
let server: PreviewServer;
beforeAll(async () => {
  studio = await openStudio();
  server = await preview({
    configFile: new URL('../../vite.config.ts', import.meta.url).pathname,
    mode: 'page',
    build: { outDir: studio.folder },
    preview: { port: 0 },
  });
});
afterAll(async () => {
  await server?.close();
  await studio?.close();
});

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;

test('a first visit downloads little before it can train', async () => {
  const assets = `${studio.folder}/assets`;
  const sizes = new Map(
    readdirSync(assets)
      .filter((name) => name.endsWith('.js'))
      .map((name) => [name, gzipSync(readFileSync(`${assets}/${name}`)).length]),
  );
  const selfTest = [...sizes].find(([name]) => name.startsWith('run_self_test'))!;
  sizes.delete(selfTest[0]);
  let rareFiles = 0;
  for (const [name, bytes] of sizes) {
    if (!/^(parquet_codecs|png_pictures|half_activations)/.test(name)) continue;
    rareFiles += bytes;
    sizes.delete(name);
  }
  const brotli = [...sizes.keys()].map((name) => brotliCompressSync(readFileSync(`${assets}/${name}`)).length);
  const everything = { gzip: 0, brotli: 0 };
  for (const bytes of sizes.values()) everything.gzip += bytes;
  for (const bytes of brotli) everything.brotli += bytes;
  // Code shared by page and worker is in separate chunks: neither script runs in the other's thread.
  const scripts = (name: string) =>
    [...sizes.keys()].filter((file) => file.startsWith(name) && sizes.get(file)! > 30_000);
  const reached = new Set(scripts('studio'));
  for (const name of reached) {
    for (const [, file] of readFileSync(`${assets}/${name}`, 'utf8').matchAll(/(?:from|import\(?)["'`]\.\/([^"'`]+)/g))
      reached.add(file!);
  }
  expect(reached.size).toBeGreaterThan(10);
  expect(scripts('worker').length).toBe(1);
  expect([...reached]).not.toContain(scripts('worker')[0]);
  const page = await studio.browser.newPage();
  page.setDefaultTimeout(patience);
  await page.setViewport({ width: 1280, height: 960 });
  // With Save-Data, nothing is fetched before it is needed.
  await page.evaluateOnNewDocument(() => Object.defineProperty(navigator, 'connection', { value: { saveData: true } }));
  const fetched = new Set<string>();
  // Observed at the server, because the page doesn't report its worker's requests.
  server.httpServer.on('request', ({ url }) => fetched.add(url?.split('?')[0]?.split('/').at(-1) ?? ''));
  await page.goto(server.resolvedUrls?.local[0] as string);
  await page.waitForSelector('#start:enabled');
  const [paint, interactive] = await page.evaluate(() => [
    performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
    performance.now(),
  ]);
  const sum = (parts: [string, number][]) => parts.reduce((bytes, [, size]) => bytes + size, 0);
  const isSession = (name: string) => name.startsWith('session');
  while (![...fetched].some(isSession)) await new Promise((resolve) => server.httpServer.once('request', resolve));
  // Files that are fetched together are requested together.
  await page.waitForNetworkIdle();
  const inOrder = [...fetched];
  // The code that saves runs is fetched after the page is complete.
  const end = inOrder.findIndex((name) => name.startsWith('kept'));
  const first = [...sizes].filter(([name]) => inOrder.slice(0, end < 0 ? undefined : end).includes(name));
  // The training code and the code that draws the sample run are requested when the page is ready, in either order, and not before.
  const ready = inOrder.slice(
    0,
    inOrder.findIndex((name) => isSession(name) || name.startsWith('chart')),
  );
  expect(ready.some((name) => name.startsWith('worker'))).toBe(true);
  console.log(
    [
      `JavaScript of a first visit, compressed: ${kilobytes(sum(first))}`,
      `until Train can be pressed: ${kilobytes(sum(first.filter(([name]) => ready.includes(name))))}`,
      ...first.map(([name, size]) => `  ${name} ${kilobytes(size)}`),
      `all there is: ${kilobytes(everything.gzip)}, with Brotli ${kilobytes(everything.brotli)}; the self-test: ${kilobytes(selfTest[1])}, rare files: ${kilobytes(rareFiles)}`,
      `first paint after ${paint?.toFixed(0)} ms, Train can be pressed after ${interactive?.toFixed(0)} ms`,
    ].join('\n'),
  );
  expect(first.some(([name]) => name.startsWith('studio'))).toBe(true);
  expect(first.some(([name]) => name.startsWith('worker'))).toBe(true);
  expect(sum(first.filter(([name]) => ready.includes(name)))).toBeLessThan(most.ready);
  expect(sum(first)).toBeLessThan(most.all);
  expect(everything.gzip).toBeLessThan(most.everything.gzip);
  expect(everything.brotli).toBeLessThan(most.everything.brotli);
  expect(selfTest[1]).toBeLessThan(most.selfTest);
  expect(rareFiles).toBeGreaterThan(0);
  expect(rareFiles).toBeLessThan(most.rareFiles);
  // Content that unfolds is styled, although the later content and its styles haven't been fetched.
  expect(await page.$('.later')).not.toBeNull();
  await press(page, '#data .fold > summary');
  await press(page, '.own summary');
  const width = await page.$eval('#own-files', (input) => input.getBoundingClientRect().width);
  expect(width).toBe(1);
  await page.close();
});

/** Forty PNGs with 16 bits per pixel, and a table with their classes. */
function widePictures(): string[] {
  const folder = mkdtempSync(join(inject('folder'), 'wide-'));
  const side = 8;
  const paths = Array.from({ length: 40 }, (_, i) => {
    const data = Uint16Array.from({ length: side * side }, (_, at) => (i % 2 ? 900 * at : 57_600 - 900 * at) + i);
    const path = join(folder, `${i}.png`);
    writeFileSync(path, encode({ width: side, height: side, data, channels: 1, depth: 16 }));
    return path;
  });
  const table = join(folder, 'labels.csv');
  writeFileSync(table, ['file,label', ...paths.map((_, i) => `${i}.png,${i % 2 ? 'up' : 'down'}`)].join('\n'));
  return [...paths, table];
}

test('after the first visit, the page opens, trains and recognizes a drawing without its server', async () => {
  const page = await studio.browser.newPage();
  page.setDefaultTimeout(patience);
  page.on('dialog', (dialog) => dialog.accept());
  await page.setViewport({ width: 1280, height: 960 });
  const files = await serve(studio.folder, (_request, _response, next) => next());
  await page.goto(`${files.url}#epochs=1&model=five-relu`);
  await page.waitForSelector('#offline');
  files.close();
  await page.reload();
  // The data set of a first visit is loaded.
  await page.waitForSelector('#start:enabled');
  await until(page, '#facts', '6,000 training');
  await page.select('#dataset', 'digits');
  await page.waitForFunction(() => document.querySelector('#facts')?.textContent?.includes('1,500'));
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  await page.waitForSelector('#loss canvas');
  await drawFive(page);
  await page.waitForSelector('#probabilities .best');
  // The decoder of pictures with 16 bits is in a file of its own, as those of archives and tables are.
  await (await page.waitForSelector<'input'>('#own-files' as 'input'))!.uploadFile(...widePictures());
  await until(page, '#facts', '32 training');
  expect(await page.$eval('#page-error', (it) => (it as HTMLElement).hidden)).toBe(true);
  // The browser offers to install it: it has read a manifest without faults, whose icon it could load.
  const cdp = await page.createCDPSession();
  const { url, errors, data } = await cdp.send('Page.getAppManifest');
  expect(new URL(url).pathname).toBe('/manifest.webmanifest');
  expect(errors).toEqual([]);
  expect(JSON.parse(data!)).toMatchObject({ short_name: 'wgrad', start_url: './', display: 'standalone' });
  const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors');
  expect(installabilityErrors).toEqual([]);
  await page.close();
});
