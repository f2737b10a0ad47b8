import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ComparisonFile } from '../../src/index.ts';
import { temporaryFolder } from '../cli/wgrad.ts';
import { downloaded, openPage, openStudio, type Studio, text, until, untilEpoch, upload } from './studio.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgrad-pictures-'));
const markup = '<img src=x onerror=document.title="broken">';
const classes = [markup, 'standing', 'lying'];
const side = 12;

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
  // Dark, or a light stripe down the middle, or across: each picture has a grey of its own.
  for (const [label, name] of classes.entries()) {
    mkdirSync(join(folder, name));
    for (let i = 0; i < 40; i++) {
      const data = Uint8Array.from({ length: side * side }, (_, at) => {
        const along = label === 1 ? at % side : Math.floor(at / side);
        return label && Math.abs(along - 5.5) < 2 ? 255 - i : i;
      });
      data[i] = 77; // no two alike
      writeFileSync(join(folder, name, `${i}.png`), encode({ width: side, height: side, data, channels: 1, depth: 8 }));
    }
  }
  const twin = encode({ width: side, height: side, data: new Uint8Array(side * side), channels: 1, depth: 8 });
  for (const name of ['x1.png', 'x2.png']) writeFileSync(join(folder, 'lying', name), twin);
  writeFileSync(join(folder, 'lying', 'damaged <b>.png'), 'no picture');
  writeFileSync(join(folder, 'cover.png'), twin);
});
afterAll(async () => {
  await studio?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a folder that is dropped is read in the page, looked through, cleaned and trained; names are text', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(`${await studio.serve()}#dataset=digits&augment=none&epochs=500`, page, complaints);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url())) asked.push(`${request.method()} ${request.url()}`);
  });
  // Far from its place in the panel, which is folded, and while a run is under way.
  await page.click('#start');
  await untilEpoch(page, 1);
  const cdp = await page.createCDPSession();
  const drag = (type: 'dragEnter' | 'dragOver' | 'dragCancel' | 'drop', ...files: string[]) =>
    cdp.send('Input.dispatchDragEvent', { type, x: 900, y: 700, data: { items: [], files, dragOperationsMask: 1 } });
  await drag('dragEnter', folder);
  await drag('dragOver', folder);
  await until(page, '#drop-overlay', 'Drop anywhere.*become your own data set.*They are read when this run has ended');
  await drag('dragCancel');
  await page.waitForFunction(() => !document.querySelector('#drop-overlay'));
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await drag(type, folder);
  await until(page, '#status', '124 files will be read when this run has ended: stop it to read them now');
  expect(await text(page, '#waiting-files')).toContain('124 files will be read when this run has ended');
  expect(await page.$('#drop-overlay')).toBeNull();
  await page.click('#stop');
  await until(page, '#status', '122 images of your own, which stay in this page');
  await until(page, '#facts', '98 training and 24 validation images of 12.×.12, 3 classes');
  expect(await page.$('#waiting-files')).toBeNull();
  expect(await page.evaluate(() => location.hash)).toContain('dataset=own');
  const names = await page.$$eval('.classes .name', (all) => all.map((it) => it.textContent));
  expect(names).toEqual([...classes].sort());
  const leftOut = await text(page, '#unreadable');
  expect(leftOut).toContain('damaged <b>.png');
  expect(leftOut).toMatch(/cover\.png: it lies in no folder of a class/);
  expect(await text(page, '#cleaning')).toMatch(/leave out 1 image: there already with the same label/);
  await page.waitForSelector('.classes canvas');
  // Its images lie class by class: those that the augmentation is shown with are of all of them.
  await page.waitForFunction(
    (of) => new Set([...document.querySelectorAll('.draws th canvas')].map((it) => it.ariaLabel)).size === of,
    {},
    classes.length,
  );

  // So few images are gone through more often, and so few of them for validation say little.
  expect(await page.$('#lengthened')).toBeNull();
  await page.click('#epochs-wanted', { count: 3 });
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Tab');
  await until(page, '#lengthened', '98 training images make 4 steps an epoch, so 75 epochs are planned: 300 steps, ');
  expect(await text(page, '#few-validation')).toContain('Only 24 validation images: each is 4.2 % of the validation');
  await page.type('#epochs-wanted', '6');
  await page.keyboard.press('Tab');

  await page.click('#leave-duplicates');
  await until(page, '#facts', '97 training');
  await page.click('#leave-constant');
  await until(page, '#facts', '96 training and 24 validation');
  expect(await page.evaluate(() => location.hash)).toContain('clean=constant,duplicates');

  await page.waitForSelector('#start:enabled');
  await page.click('#start');
  await until(page, '#status', 'Done in');
  await until(page, '#results .facts', '24 validation images after 18 steps');
  expect(Number.parseFloat(await text(page, '#validation-accuracy-now'))).toBeGreaterThan(0.6);
  expect(await page.$$eval('.confusion tbody th', (all) => all.map((it) => it.textContent))).toEqual(names);
  expect(await page.$('main img')).toBeNull();
  expect(await page.title()).not.toContain('broken');
  // What was left out stands in the pairs of twins, too.
  const cleaned = temporaryFolder();
  await cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: cleaned });
  await page.click('#train-beside');
  await until(page, '#status', 'Compared: one pair');
  await page.click('#save-pairs');
  const pairs: ComparisonFile = JSON.parse(readFileSync(await downloaded(cleaned, '.json'), 'utf8'));
  expect(pairs.config).toMatchObject({ clean: ['constant', 'duplicates'], trainSamples: 96, testSamples: 24 });

  // The code that reads them comes from the page's own server, and nothing goes there.
  expect(asked.filter((request) => !/^GET http:\/\/127\.0\.0\.1:\d+\/assets\/[\w-]+\.(js|css)$/.test(request))).toEqual(
    [],
  );
  expect(complaints).toEqual([]);
  await page.close();
});

test('a data set of the page is looked through too, and a link leaves out what was found in it', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const url = await studio.serve(async (request, response, next) => {
    // A data set with one image twice, and one in both parts.
    const images = Uint8Array.from({ length: 8 * 16 }, (_, i) => (i * 37) % 251);
    images.copyWithin(16, 0, 16);
    const parts = {
      '/datasets/mnist/train/images': images,
      '/datasets/mnist/train/labels': Uint8Array.of(0, 0, 1, 1, 0, 1, 0, 1),
      '/datasets/mnist/test/images': images.subarray(2 * 16, 5 * 16),
      '/datasets/mnist/test/labels': Uint8Array.of(1, 1, 0),
    };
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (path === '/datasets.json') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ mnist: null }));
    } else if (path === '/datasets/mnist') {
      response.setHeader('content-type', 'application/json');
      const facts = { imageShape: [4, 4, 1], classNames: ['a', 'b'], train: { count: 6_000 }, test: { count: 3 } };
      response.end(JSON.stringify(facts));
    } else if (path in parts) response.end(parts[path as keyof typeof parts]);
    else next();
  });
  await openPage(`${url}#dataset=mnist`, page, complaints);
  await page.waitForSelector('.classes canvas');
  expect(await page.$('#leave-duplicates')).toBeNull();
  await page.click('#inspect');
  await until(page, '#cleaning', 'leave out 1 image: there already with the same label \\(1 training, 0 validation\\)');
  expect(await text(page, '#cleaning')).toContain('leave out 3 images: validation images that are training images too');
  await page.click('#leave-duplicates');
  await until(page, '#facts', '7 training and 3 validation images');
  const link = await page.evaluate(() => location.hash);
  expect(link).toContain('clean=duplicates');
  await page.goto('about:blank');
  await openPage(`${url}${link}`, page, complaints);
  await until(page, '#facts', '7 training and 3 validation images');
  expect(await page.$eval('#leave-duplicates', (it) => (it as HTMLInputElement).checked)).toBe(true);
  // To leave out all of a part is refused in words.
  await page.$eval('#dataset', () => {
    location.hash = '#dataset=mnist&clean=leaks';
  });
  await until(page, '#trouble', 'Cleaning leaves no test image');
  await page.click('#leave-leaks');
  await page.waitForSelector('#start:enabled');
  expect(complaints).toEqual([]);
  await page.close();
});

test('what is no data set is refused in words', async () => {
  const page = await studio.browser.newPage();
  await openPage(`${await studio.serve()}#dataset=own`, page, []);
  await until(page, '#trouble', 'Files of your own are not here');
  expect(await text(page, '#augmentation')).toContain('No images yet');
  expect(await page.$('#gradient-map')).toBeNull();
  await upload(page, '#own-files', new URL('../../package.json', import.meta.url).pathname);
  await until(page, '#trouble', 'No pictures in folders');
  // Of what is chosen while files are being read, the last is read next.
  await page.evaluate(() => {
    const drop = (name: string) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['no run'], name));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    };
    for (const name of ['a.wgrad', 'b.wgrad', 'c.wgrad']) drop(name);
  });
  await until(page, '#trouble', 'c\\.wgrad is no run that wgrad has saved');
  await page.close();
});
