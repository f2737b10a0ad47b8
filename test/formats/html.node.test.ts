import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import puppeteer, { type Browser, type Page } from 'puppeteer';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureChrome } from '../../src/cli/get_chrome.ts';
import { formatHtml } from '../../src/formats/html.ts';
import { presetModel } from '../../src/index.ts';
import { temporaryFolder } from '../cli/wgrad.ts';
import { widePng } from '../data/made_files.ts';
import { upload } from '../page/visit.ts';
import { probabilitiesOf, trained, uniform } from './made_models.ts';

const classNames = ['apple', 'pear', 'a <b>plum</b>', 'quince'];
const network = { ...trained(presetModel('tutorial', [16, 12, 3], 4)), classNames };
const folder = temporaryFolder();
let script: string;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  await build({
    configFile: new URL('../../vite.config.ts', import.meta.url).pathname,
    mode: 'standalone',
    logLevel: 'warn',
    build: { outDir: folder },
  });
  script = gunzipSync(readFileSync(join(folder, 'standalone.js.gz'))).toString();
  const path = join(folder, 'page.html');
  writeFileSync(path, formatHtml(network, script));
  // A fake webcam, and no WebGPU.
  const args = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--disable-features=WebGPU'];
  browser = await puppeteer.launch({
    executablePath: await ensureChrome(),
    args: [...args, '--no-sandbox'],
    pipe: true,
  });
  page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(pathToFileURL(path).href);
});
afterAll(() => browser.close());

/** A picture of the network's input size, so that nothing is resized. */
function picture(): { path: string; bytes: Uint8Array } {
  const next = uniform(3);
  const bytes = Uint8Array.from({ length: 16 * 12 * 3 }, () => Math.floor(256 * next()));
  const path = join(folder, 'picture.png');
  writeFileSync(path, encode({ width: 12, height: 16, channels: 3, depth: 8, data: bytes }));
  return { path, bytes };
}

const rows = () => page.$$eval('#result li', (items) => items.map((item) => item.textContent));

test("a chosen picture gets the network's probabilities, without WebGPU or a server", async () => {
  const { path, bytes } = picture();
  await upload(page, '#file', path);
  await page.waitForSelector('#result li');
  const images = Float32Array.from(bytes, (byte) => byte / 255);
  const expected = [...probabilitiesOf(network, images)]
    .map((share, i) => ({ share: 100 * share, name: classNames[i]! }))
    .sort((a, b) => b.share - a.share)
    .map(({ share, name }) => `${name}${share < 10 ? share.toFixed(1) : Math.round(share)} %`);
  expect(await rows()).toEqual(expected);
});

test('a 16-bit picture is stretched like those of the training', async () => {
  const [from, to] = [100, 1450];
  const gray = { ...trained(presetModel('tutorial', [16, 12, 1], 4)), classNames, pictures: { levels: { from, to } } };
  const next = uniform(5);
  const values = Array.from({ length: 16 * 12 }, () => Math.floor(1600 * next()));
  const [html, png] = [join(folder, 'wide.html'), join(folder, 'wide.png')];
  writeFileSync(html, formatHtml(gray, script));
  writeFileSync(png, widePng(12, 0, values));
  const other = await browser.newPage();
  try {
    await other.goto(pathToFileURL(html).href);
    await upload(other, '#file', png);
    await other.waitForSelector('#result li', { timeout: 60_000 });
    const shown = await other.$$eval('#result li', (items) => items.map((item) => item.textContent));
    const bytes = Uint8ClampedArray.from(values, (value) => ((value - from) * 255) / (to - from));
    const listOf = (images: Float32Array) =>
      [...probabilitiesOf(gray, images)]
        .map((share, i) => ({ share: 100 * share, name: classNames[i]! }))
        .sort((a, b) => b.share - a.share)
        .map(({ share, name }) => `${name}${share < 10 ? share.toFixed(1) : Math.round(share)} %`);
    expect(shown).toEqual(listOf(Float32Array.from(bytes, (byte) => byte / 255)));
    // The upper 8 bits, which a browser decodes, would give other figures.
    expect(shown).not.toEqual(listOf(Float32Array.from(values, (value) => (value >> 8) / 255)));
  } finally {
    await other.close();
  }
});

test('a file that is not a picture is reported, and the webcam is classified until it is stopped', async () => {
  const text = join(folder, 'a.txt');
  writeFileSync(text, 'no picture');
  await upload(page, '#file', text);
  await page.waitForFunction(() => document.querySelector('#message')?.textContent?.includes('cannot read this file'));
  const before = await rows();
  await page.click('#camera');
  await page.waitForFunction((shown) => document.querySelector('#result')?.textContent !== shown, {}, before.join(''));
  expect(await page.$eval('#camera', (button) => button.textContent)).toBe('Stop the webcam');
  await page.click('#camera');
  expect(await page.$eval('#video', (video) => (video as HTMLVideoElement).hidden)).toBe(true);
  // The drop area shows its hint again.
  expect(await page.$eval('#empty', (empty) => (empty as HTMLElement).hidden)).toBe(false);
});

test('centered images are rejected, with the formats that support them', () => {
  expect(() => formatHtml({ ...network, rescale: null }, script)).toThrow(/centered or whitened[\s\S]*onnx/);
});

test.runIf(process.env.WGRAD_SCREENSHOTS)('screenshots', async () => {
  for (const scheme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    for (const [name, width, height] of [
      ['phone', 390, 844],
      ['desk', 1200, 800],
    ] as const) {
      await page.setViewport({ width, height, deviceScaleFactor: 1 });
      await page.screenshot({ path: `${process.env.WGRAD_SCREENSHOTS}/html-${name}-${scheme}.png` });
    }
  }
});
