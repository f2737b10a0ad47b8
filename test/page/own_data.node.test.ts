import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode } from 'fast-png';
import type { ElementHandle, Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ComparisonFile, parseDigits } from '../../src/index.ts';
import { temporaryFolder } from '../cli/wgrad.ts';
import { mnistLike, widePng } from '../data/made_files.ts';
import dataFiles from '../fixtures/data_files.json' with { type: 'json' };
import {
  downloaded,
  downloadInto,
  draw,
  holdRun,
  number,
  openPage,
  openStudio,
  press,
  type Studio,
  text,
  until,
  untilEpoch,
  upload,
} from './studio.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgrad-pictures-'));
const markup = '<img src=x onerror=document.title="broken">';
const classes = [markup, 'standing', 'lying'];
const side = 12;

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
  // Dark, or with a light vertical or horizontal stripe: each picture has a different grey.
  for (const [label, name] of classes.entries()) {
    mkdirSync(join(folder, name));
    for (let i = 0; i < 40; i++) {
      const data = Uint8Array.from({ length: side * side }, (_, at) => {
        const along = label === 1 ? at % side : Math.floor(at / side);
        return label && Math.abs(along - 5.5) < 2 ? 255 - i : i;
      });
      data[i] = 77; // All pictures are different.
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

test('a dropped folder is read on the page, checked, cleaned and trained on; names are shown as text', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(`${await studio.serve()}#dataset=digits&augment=none&epochs=500`, page, complaints);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url())) asked.push(`${request.method()} ${request.url()}`);
  });
  // The drop target is far from the panel, which is folded, and a run is in progress.
  await press(page, '#start');
  await untilEpoch(page, 1);
  const release = await holdRun(page);
  const cdp = await page.createCDPSession();
  const drag = (type: 'dragEnter' | 'dragOver' | 'dragCancel' | 'drop', ...files: string[]) =>
    cdp.send('Input.dispatchDragEvent', { type, x: 900, y: 700, data: { items: [], files, dragOperationsMask: 1 } });
  await drag('dragEnter', folder);
  await drag('dragOver', folder);
  await until(
    page,
    '#drop-overlay',
    'Drop anywhere.*become your own data set.*They will be read when this run has ended',
  );
  await drag('dragCancel');
  await page.waitForFunction(() => !document.querySelector('#drop-overlay'));
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await drag(type, folder);
  await until(page, '#status', '124 files will be read when this run has ended: stop it to read them now');
  expect(await text(page, '#waiting-files')).toContain('124 files will be read when this run has ended');
  expect(await page.$('#drop-overlay')).toBeNull();
  await release();
  await press(page, '#stop');
  await until(page, '#status', '122 images of your own, which stay in this browser');
  await until(page, '#facts', '98 training and 24 validation images of 12.×.12, 3 classes');
  expect(await page.$('#waiting-files')).toBeNull();
  await page.waitForFunction(() => location.hash.includes('dataset=own'));
  const names = await page.$$eval('.classes .name', (all) => all.map((it) => it.textContent));
  expect(names).toEqual([...classes].sort());
  const ignored = await text(page, '#ignored');
  expect(ignored).toContain('2 files ignored:');
  expect(ignored).toMatch(/damaged <b>\.png: named like a picture, but its content is: text/);
  expect(ignored).toMatch(/cover\.png: a picture outside the folders of the classes has no class/);
  const report = await text(page, '#reading-report');
  expect(report).toContain('training: 98 images from the folders of the classes');
  expect(report).toContain('validation: 24 images held out');
  expect(report).toContain('sizes of the pictures, width × height: 12 × 12 (122)');
  expect(await text(page, '#cleaning')).toMatch(/leave out 1 image: already present with the same label/);
  await page.waitForSelector('.classes canvas');
  // Its images are ordered by class: those that preview the augmentation must cover all of them.
  await page.waitForFunction(
    (of) => new Set([...document.querySelectorAll('.samples th canvas')].map((it) => it.ariaLabel)).size === of,
    {},
    classes.length,
  );

  // A small set is passed over more often, and a small validation set is not very meaningful, which the page says.
  expect(await page.$('#lengthened')).toBeNull();
  await press(page, '#epochs-count', { count: 3 });
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Tab');
  await until(page, '#lengthened', '98 training images make 4 steps per epoch, so 75 epochs are planned: 300 steps, ');
  expect(await text(page, '#few-validation')).toContain('Only 24 validation images: each is 4.2 % of the validation');
  await page.type('#epochs-count', '6');
  await page.keyboard.press('Tab');

  await press(page, '#leave-duplicates');
  await until(page, '#facts', '97 training');
  await press(page, '#leave-constant');
  await until(page, '#facts', '96 training and 24 validation');
  await page.waitForFunction(() => location.hash.includes('clean=constant,duplicates'));

  await page.waitForSelector('#start:enabled');
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  await until(page, '#results .facts', '24 validation images after 18 steps');
  expect(await number(page, '#validation-accuracy-now')).toBeGreaterThan(0.6);
  expect(await page.$$eval('.confusion tbody th', (all) => all.map((it) => it.textContent))).toEqual(names);
  expect(await page.$('main img')).toBeNull();
  expect(await page.title()).not.toContain('broken');
  // Ignored files are listed for pairs of twins, too.
  const cleaned = temporaryFolder();
  await downloadInto(page, cleaned);
  await press(page, '#train-twins');
  await until(page, '#status', 'Compared: one pair');
  await press(page, '#save-pairs');
  const pairs: ComparisonFile = JSON.parse(readFileSync(await downloaded(cleaned, '.json'), 'utf8'));
  expect(pairs.config).toMatchObject({ clean: ['constant', 'duplicates'], trainSamples: 96, testSamples: 24 });

  // The code that reads them comes from the page's own server, and nothing is uploaded.
  expect(
    asked.filter(
      (request) => !/^GET http:\/\/127\.0\.0\.1:\d+\/(assets\/[\w-]+\.(js|css)|service-worker\.js)$/.test(request),
    ),
  ).toEqual([]);
  expect(complaints).toEqual([]);
  // They are still available after a reload.
  await page.reload();
  await until(page, '#facts', '96 training and 24 validation images of 12.×.12, 3 classes');
  expect(await page.$eval('#page-error', (it) => (it as HTMLElement).hidden)).toBe(true);
  await page.close();
});

test('reading can be stopped; pictures beyond the memory budget stay in their files and are streamed', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const model = JSON.stringify({
    layers: [{ type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }],
  });
  const settings = `dataset=digits&augment=none&epochs=2&batch-size=2&memory-budget=1&model=${encodeURIComponent(model)}`;
  await openPage(`${await studio.serve()}#${settings}`, page, complaints);
  await press(page, '.own summary');
  await page.select('#own-size', '96');
  const cdp = await page.createCDPSession();
  const drop = async () => {
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      const data = { items: [], files: [folder], dragOperationsMask: 1 };
      await cdp.send('Input.dispatchDragEvent', { type, x: 900, y: 700, data });
    }
  };
  await page.evaluate(() => {
    new MutationObserver((_, observer) => {
      const stop = document.querySelector<HTMLButtonElement>('#stop-reading');
      if (!stop) return;
      observer.disconnect();
      document.title = document.querySelector('#reading')!.textContent!;
      stop.click();
    }).observe(document.body, { childList: true, subtree: true });
  });
  await drop();
  await until(page, '#status', 'Stopped reading. The data set has not changed');
  expect(await page.title()).toMatch(/^\d+ of 12\d files, (estimating the time|\d+:\d\d left) Stop reading$/);
  expect(await page.$eval('#dataset', (it) => (it as HTMLSelectElement).value)).toBe('digits');
  expect(await page.$('#stop-reading')).toBeNull();

  await drop();
  await until(page, '#status', '122 images of your own, which stay in their files');
  await until(page, '#facts', '98 training and 24 validation images of 96.×.96, 3 classes');
  expect(await text(page, '#reading-report')).toMatch(
    /the images take 1\.1 MiB, more than the 1\.0 MiB that are kept in memory/,
  );
  await until(page, '#cleaning', 'Not checked: the pictures are decoded while the network trains');
  await page.waitForSelector('.classes canvas');
  await page.waitForSelector('#start:enabled');
  await press(page, '#start');
  await until(page, '#status', 'Done in.*98 training images, 882.0 KiB: streamed from pictures.*images/s are read');
  await until(page, '#results .facts', '24 validation images after');
  expect(complaints).toEqual([]);
  await page.close();
});

/** An IDX file. */
const idx = (shape: number[], bytes: Uint8Array): Uint8Array => {
  const header = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  header.setUint32(0, 0x0800 + shape.length);
  for (const [i, size] of shape.entries()) header.setUint32(4 + 4 * i, size);
  return new Uint8Array([...new Uint8Array(header.buffer), ...bytes]);
};

test('digits of dark ink on light paper are drawn in these levels and recognized; the pad follows the data set', async () => {
  const files = temporaryFolder();
  const { train, test } = await parseDigits(readFileSync(new URL('../../data/digits.csv.gz', import.meta.url)));
  const paths = Object.entries({ train, t10k: test }).flatMap(([part, { images, labels, count }]) => {
    const dark = images.map((level) => 240 - Math.round(level * 0.9));
    const [of, are] = [join(files, `${part}-images-idx3-ubyte`), join(files, `${part}-labels-idx1-ubyte`)];
    writeFileSync(of, idx([count, 8, 8], dark));
    writeFileSync(are, idx([count], Uint8Array.from(labels)));
    return [of, are];
  });
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(`${await studio.serve()}#dataset=digits&augment=none&model=five-relu&epochs=15`, page, complaints);
  /**
   * Draws lines through points, in fractions of the pad, until it is recognized as the digit. @returns grey levels of its picture.
   */
  const drawDigit = async (digit: string, points: [number, number][]) => {
    await press(page, '#erase');
    await draw(page, points);
    await until(page, '#try .asked strong', `^${digit},`);
    const levels = await page.$eval('.asked canvas', (it) => {
      const { width, height } = it as HTMLCanvasElement;
      const { data } = (it as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
      return [...data].filter((_, i) => i % 4 === 0);
    });
    return { corner: levels[0], darkest: Math.min(...levels), lightest: Math.max(...levels) };
  };
  const trained = async () => {
    await page.waitForSelector('#start:enabled');
    await press(page, '#start');
    await until(page, '#status', 'Done in');
    await page.waitForSelector('#pad');
  };
  const padOf = (color: string) =>
    page.waitForFunction(
      (color) => getComputedStyle(document.querySelector('#pad')!).backgroundColor === color,
      {},
      color,
    );
  const one: [number, number][] = [
    [0.5, 0.1],
    [0.48, 0.9],
  ];
  const seven: [number, number][] = [
    [0.25, 0.12],
    [0.75, 0.12],
    [0.45, 0.9],
  ];
  const zero = Array.from({ length: 25 }, (_, i): [number, number] => {
    const angle = (2 * Math.PI * i) / 24;
    return [0.5 + 0.25 * Math.sin(angle), 0.5 - 0.4 * Math.cos(angle)];
  });

  await press(page, '.own summary');
  const input = (await page.$('#own-files')) as ElementHandle<HTMLInputElement>;
  await input.uploadFile(...paths);
  // The page's own digits have the same count, so the selected data set shows whether the files were read.
  await page.waitForFunction(() => (document.querySelector('#dataset') as HTMLSelectElement).value === 'own');
  await until(page, '#facts', '1,500 training and 297 validation images');
  await trained();
  await padOf('rgb(240, 240, 240)');
  expect(await text(page, '#pad-how')).toContain('dark on light');
  for (const [digit, strokes] of Object.entries({ 0: zero, 1: one, 7: seven })) {
    const { corner, darkest, lightest } = await drawDigit(digit, strokes);
    expect([corner, lightest]).toEqual([240, 240]);
    expect(darkest).toBeLessThan(100);
  }

  // The network is still that of the dark ones; then it is not.
  await page.evaluate(() => {
    location.hash = '#dataset=digits&augment=none&model=five-relu&epochs=1&train-samples=64&test-samples=32';
  });
  await page.waitForSelector('#start:enabled');
  await padOf('rgb(240, 240, 240)');
  await trained();
  await padOf('rgb(0, 0, 0)');
  const { corner, lightest } = await drawDigit('\\d', zero);
  expect(corner).toBe(0);
  expect(lightest).toBeGreaterThan(150);
  expect(complaints).toEqual([]);
  await page.close();
});

test('built-in data sets can be checked, too, and a link leaves out the findings', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const url = await studio.serve(async (request, response, next) => {
    // A data set with one duplicate image, and one image in both parts.
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
  await press(page, '#inspect');
  await until(
    page,
    '#cleaning',
    'leave out 1 image: already present with the same label \\(1 training, 0 validation\\)',
  );
  expect(await text(page, '#cleaning')).toContain(
    'leave out 3 images: validation images that are also training images',
  );
  await press(page, '#leave-duplicates');
  await until(page, '#facts', '7 training and 3 validation images');
  const link = await page.evaluate(() => location.hash);
  expect(link).toContain('clean=duplicates');
  await page.goto('about:blank');
  await openPage(`${url}${link}`, page, complaints);
  await until(page, '#facts', '7 training and 3 validation images');
  expect(await page.$eval('#leave-duplicates', (it) => (it as HTMLInputElement).checked)).toBe(true);
  // Removing all images of a part is rejected with a message.
  await page.$eval('#dataset', () => {
    location.hash = '#dataset=mnist&clean=leaks';
  });
  await until(page, '#page-error', 'Cleaning would leave no test image');
  await press(page, '#leave-leaks');
  await page.waitForSelector('#start:enabled');
  expect(complaints).toEqual([]);
  await page.close();
});

test('files that are not a data set are rejected with a message', async () => {
  const page = await studio.browser.newPage();
  await openPage(`${await studio.serve()}#dataset=own`, page, []);
  await until(page, '#page-error', 'This link is for your own images, and this browser has none');
  expect(await text(page, '#augmentation')).toContain('No images yet');
  expect(await page.$('#gradient-map')).toBeNull();
  await upload(page, '#own-files', new URL('../../package.json', import.meta.url).pathname);
  await until(page, '#page-error', 'no data set in these files that wgrad can read');
  expect(await text(page, '#page-error')).toMatch(/package\.json: JSON.*a folder of pictures.*IDX files/s);
  // If several files are chosen while others are being read, only the last is read next.
  await page.evaluate(() => {
    const drop = (name: string) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(['no run'], name));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    };
    for (const name of ['a.wgrad', 'b.wgrad', 'c.wgrad']) drop(name);
  });
  await until(page, '#page-error', 'c\\.wgrad is not a run saved by wgrad');
  await page.close();
});

/** Drops files in their folders on the page. */
async function dropper(page: Page) {
  const cdp = await page.createCDPSession();
  return async (files: Record<string, Uint8Array | string>) => {
    const root = temporaryFolder();
    const tops = new Set<string>();
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
      tops.add(join(root, path.split('/')[0]!));
    }
    await page.$eval('#drop', (it) => it.scrollIntoView({ block: 'center' }));
    const { x, y } = (await (await page.$('#drop'))!.boundingBox())!;
    const data = { items: [], files: [...tops], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await cdp.send('Input.dispatchDragEvent', { type, x: x + 20, y: y + 20, data });
    }
  };
}

test('pictures dropped on the first screen get the default network, not the one there that cannot learn', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(await studio.serve(), page, complaints);
  expect(await page.$eval('#model-preset', (it) => (it as HTMLSelectElement).value)).toBe('deep-sigmoid');
  await press(page, '.own summary');
  const drop = await dropper(page);
  const names = ['standing', 'lying'].flatMap((name) => Array.from({ length: 12 }, (_, i) => `${name}/${i}.png`));
  await drop(Object.fromEntries(names.map((name) => [`mine/${name}`, readFileSync(join(folder, name))])));
  await until(page, '#status', '24 images of your own');
  expect(await page.evaluate(() => location.hash)).toBe('#dataset=own');
  expect(await page.$eval('#model-preset', (it) => (it as HTMLSelectElement).value)).toBe('tutorial');
  expect(await text(page, '#model')).toContain('conv2d');
  // A network that the user has chosen stays.
  await page.select('#model-preset', 'five-relu');
  await drop(Object.fromEntries(names.slice(2).map((name) => [`mine/${name}`, readFileSync(join(folder, name))])));
  await until(page, '#status', '22 images of your own');
  expect(await page.$eval('#model-preset', (it) => (it as HTMLSelectElement).value)).toBe('five-relu');
  expect(complaints).toEqual([]);
  await page.close();
});

test('several drops: a file of each format, other labels and stretched values, which are part of the link', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const model = JSON.stringify({
    layers: [{ type: 'flatten' }, { type: 'dense', units: 3, activation: 'softmax' }],
  });
  const settings = `dataset=digits&augment=none&model=${encodeURIComponent(model)}`;
  await openPage(`${await studio.serve()}#${settings}`, page, complaints);
  await press(page, '.own summary');
  const drop = await dropper(page);
  const { cases, parquet } = dataFiles as unknown as Record<
    'cases' | 'parquet',
    { name: string; files: Record<string, string> }[]
  >;
  const filesOf = (name: string) =>
    Object.fromEntries(
      Object.entries([...cases, ...parquet].find((one) => one.name === name)!.files).map(([path, content]) => [
        path,
        Buffer.from(content, 'base64'),
      ]),
    );
  const isRead = async (facts: string, ...report: string[]) => {
    await until(page, '#facts', facts);
    for (const line of report) await until(page, '#reading-report', line);
  };
  const gray = '6 training and 3 validation images of 4.×.4, 3 classes';
  for (const [name, facts, ...report] of [
    ['MedMNIST: three splits, labels in a column', '6 training and 2 validation images of 4.×.4, 3', 'pathmnist.npz'],
    ['four .npy files', gray, 'x_train.npy'],
    ['IDX of the type f4', gray, 'train-images-idx'],
    ['QMNIST: eight numbers for each label', gray, 'qmnist-train-images'],
    ["EMNIST's letters: upright, from 0", '6 training and 3 validation images of 4.×.4, 26 classes', 'emnist-letters'],
    ['words with commas, quotes and line breaks in them', gray, 'train.csv: labels in the column label'],
    ['FER2013: pixels in one cell, splits in a column', '6 training and 2 validation', 'column emotion'],
    ['SVHN, compressed', '6 training and 3 validation images of 4.×.4 in color, 3 classes', 'train_32x32.mat'],
    ['zip', gray, 'archive.zip: zip archive, read without unpacking it'],
    ['tar, PAX', gray, 'archive.tar: tar archive, read without unpacking it'],
    ['tar.gz', gray, 'archive.tar.gz: tar archive \\(.tar.gz\\), read without unpacking it'],
    ['compressed by zstd', '3 training and 3 validation images of 4.×.4, 3 classes', 'pictures in the column image'],
    ['compressed by lz4', '3 training and 3 validation images of 4.×.4, 3 classes', 'pictures in the column image'],
    ['CIFAR-100 with fine labels', '4 training and 2 validation images of 32.×.32 in color, 100 classes'],
  ] as const) {
    await drop(filesOf(name));
    await isRead(facts, ...report);
  }
  // The files that were read last are read again.
  await page.type('#own-labels', 'coarse');
  await page.keyboard.press('Tab');
  await isRead('4 training and 2 validation images of 32.×.32 in color, 20 classes');
  await page.waitForFunction(() => location.hash.includes('labels=coarse'));
  await page.$eval('#own-labels', (it) => {
    (it as HTMLInputElement).value = 'corse';
    it.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await until(page, '#page-error', 'corse');
  await page.$eval('#own-labels', (it) => {
    (it as HTMLInputElement).value = '';
    it.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await isRead('100 classes');
  const wide = (level: number) => widePng(4, 0, Array(16).fill(level));
  await drop({ 'x/a/1.png': wide(100), 'x/a/2.png': wide(200), 'x/b/1.png': wide(300), 'x/b/2.png': wide(4000) });
  await isRead('2 training and 2 validation images of 4.×.4, 2 classes', '4,?000: 65535 became 255, 12 bits of 16');
  await press(page, '#own-stretch');
  await isRead('2 training', 'values from 100 to 4,?000, stretched over 0 to 255, as requested');
  await page.waitForFunction(() => location.hash.includes('stretch=true'));
  // A picture to classify is stretched in the same way: without it, 100 and 4000 would become 0 and 15.
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  await page.waitForSelector('#pad');
  const asked = join(temporaryFolder(), 'asked.png');
  writeFileSync(asked, widePng(4, 0, [...Array(8).fill(100), ...Array(8).fill(4000)]));
  await upload(page, '#try-file', asked);
  await page.waitForFunction(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('.asked canvas');
    if (!canvas) return false;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const levels = data.filter((_, i) => i % 4 === 0);
    return Math.max(...levels) - Math.min(...levels) === 255;
  });
  // A link with other options reads the same files so.
  await page.evaluate(() => {
    location.hash = '#dataset=own&augment=none&image-size=20';
  });
  await isRead('2 training and 2 validation images of 20.×.20', '12 bits of 16; they can be stretched');
  expect(await page.$eval('#own-size', (it) => (it as HTMLSelectElement).value)).toBe('20');
  expect(await page.$eval('#own-stretch', (it) => (it as HTMLInputElement).checked)).toBe(false);
  expect(complaints).toEqual([]);
  await page.close();
});

test('several drops: published folder layouts', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(`${await studio.serve()}#dataset=digits&augment=none`, page, complaints);
  await press(page, '.own summary');
  const drop = await dropper(page);
  let grey = 0;
  const picture = (width = 8, height = 8) => {
    const data = new Uint8Array(width * height).fill(grey++ % 200);
    data[3] = 255;
    return encode({ width, height, data, channels: 1, depth: 8 });
  };
  const pictures = (folder: string, count: number, name = (i: number) => `${i}.png`) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${folder}/${name(i)}`, picture()]));
  const readAs = async (facts: string, ...lines: string[]) => {
    await until(page, '#facts', facts);
    for (const line of lines) await until(page, '.own', line);
  };

  // Three splits stay three, classes are below the split folders, and pictures without a class are ignored.
  const jpegs = (i: number) => `images/${i}.JPEG`;
  await drop({
    ...pictures('set/train/cat', 4, jpegs),
    ...pictures('set/train/dog', 4, jpegs),
    ...pictures('set/val/dog', 3, jpegs),
    ...pictures('set/test/cat', 2, jpegs),
    'set/train/cover.png': picture(),
    'set/test/loose.png': picture(),
    'set/class_to_idx.json': '{}',
    'set/empty.bin': '',
    '__MACOSX/set/._train': '\0\x05\x16\x07',
  });
  await readAs(
    '8 training and 3 validation images of 8.×.8, 2 classes',
    'validation: 3 images from set/val',
    'test: 2 images from set/test, kept aside',
    'set/train/cover.png: a picture directly in set/train has no class',
    'set/test/loose.png: a picture directly in set/test has no class',
    'class_to_idx.json: JSON',
    'empty.bin: empty file',
    '__MACOSX/set/._train: hidden or system file',
  );
  // A folder called test alone is a whole set; its name has no meaning, and one size follows from all pictures.
  await drop({
    ...pictures('test/a', 3, (i) => `${i}_idx5_x1001_y1001_class0.png`),
    ...pictures('test/b', 2, (i) => `${i}`),
    'test/b/wide.jfif': picture(16, 8),
    'test/b/scan.tif': 'II*\0\x08\0\0\0',
  });
  await readAs('4 training and 2 validation images of 8.×.8', '8 × 8 \\(5\\), 16 × 8 \\(1\\)', 'scan.tif: TIFF');
  // IDX files, plain and compressed, in folders named like them, with zero bytes after the compressed data.
  const packed = (bytes: Uint8Array) => Buffer.concat([gzipSync(bytes), new Uint8Array(512)]);
  await drop(
    Object.fromEntries(
      Object.entries(mnistLike).flatMap(([name, bytes], i) => [
        [`raw/${name}.gz`, packed(bytes)],
        ...(i < 2 ? [[`raw/${name}/${name}`, bytes] as const] : []),
      ]),
    ),
  );
  await readAs(
    '2 training and 2 validation images of 1.×.2',
    'train-images-idx3-ubyte was used instead of raw/train-images',
  );
  // Unreadable files are rejected with a message, and the previous data set stays.
  for (const [files, words] of [
    [{ 'mnist.npz': `PK\x03\x04${'\0'.repeat(26)}x_train.npy` }, 'mnist.npz is damaged or truncated'],
    [
      { 'a/1.png': picture(), 'b/1.png': picture() },
      '2 images of 2 classes, one of each.*at least 2 images of a class',
    ],
  ] as const) {
    await drop(files);
    await until(page, '#page-error', words);
  }
  await until(page, '#facts', '2 training and 2 validation images of 1.×.2');
  expect(complaints).toEqual([]);
  await page.close();
});

test('pictures with numbers in a table are a regression: predicted against actual; numbers that are 0 or 1 are labels', async () => {
  const pictures = mkdtempSync(join(tmpdir(), 'wgrad-numbers-'));
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  try {
    const rows = ['file,level (%),is light,is dark'];
    for (let i = 0; i < 60; i++) {
      const data = new Uint8Array(side * side).fill(4 * i);
      data[i] = 77;
      writeFileSync(join(pictures, `${i}.png`), encode({ width: side, height: side, data, channels: 1, depth: 8 }));
      rows.push(`${i}.png,${i},${i > 30 ? 1 : 0},${i < 20 ? 1 : 0}`);
    }
    const give = async (columns: readonly number[]) => {
      const table = rows.map((row) => columns.map((at) => row.split(',')[at]).join(',')).join('\n');
      writeFileSync(join(pictures, 'labels.csv'), table);
      const names = [...Array.from({ length: 60 }, (_, i) => `${i}.png`), 'labels.csv'];
      const input = (await page.$('#own-files')) as ElementHandle<HTMLInputElement>;
      await input.uploadFile(...names.map((name) => join(pictures, name)));
      await until(page, '#status', '60 images of your own');
      await page.waitForSelector('#start:enabled');
    };
    await openPage(`${await studio.serve()}#dataset=digits&augment=none&epochs=2`, page, complaints);
    await give([0, 1]);
    await until(page, '#facts', '48 training and 12 validation images of 12.×.12, 1 number each');
    await until(page, '#numbers', 'level \\(%\\)0.*58');
    expect(await page.$('#ignored')).toBeNull();
    await press(page, '#start');
    await until(page, '#status', 'Done in .* Validation mean absolute error \\d');
    await page.waitForSelector('.scatter .points');
    expect(await page.$eval('.scatter', (plot) => plot.textContent)).toContain('predicted level (%)');
    expect((await page.$eval('.scatter .points', (it) => it.getAttribute('d')!)).split('M')).toHaveLength(13);
    expect(await text(page, '#errors')).toContain('R²');
    expect(await text(page, '#epochs thead')).toContain('mean absolute error');
    expect(await page.$('.confusion, #by-class')).toBeNull();
    await press(page, '#next-image');
    await until(page, '#predicted', 'level \\(%\\)[−\\d.]+ actual \\d');

    await give([0, 2, 3]);
    await press(page, '#start');
    await until(page, '#status', 'Done in .* Validation accuracy');
    await page.waitForSelector('#by-label');
    expect(await page.$$eval('#by-label tbody tr', (all) => all.map((row) => row.firstChild?.textContent))).toEqual([
      'is light',
      'is dark',
    ]);
    expect(complaints).toEqual([]);
  } finally {
    await page.close();
    rmSync(pictures, { recursive: true, force: true });
  }
});
