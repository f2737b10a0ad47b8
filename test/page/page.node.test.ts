import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import puppeteer, { type Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { datasetRoutes, knownDatasets } from '../../src/cli/dataset_server.ts';
import { readDatasets } from '../../src/cli/datasets.ts';
import { ensureChrome } from '../../src/cli/get_chrome.ts';
import { mnistPart } from '../../src/data/mnist_part.ts';
import { DataError } from '../../src/errors.ts';
import { parseIdxDataset, takeFirst } from '../../src/index.ts';
import {
  chooseDataset,
  devRoutes,
  number,
  openPage,
  openStudio,
  patience,
  pauseAt,
  point,
  press,
  type Routes,
  readFigure,
  type Studio,
  text,
  until,
  untilEpoch,
  untilFocused,
} from './studio.ts';

const layers = ['conv2d', 'conv2d_1', 'dense', 'dense_1'];

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio?.close());

/** The legend's figures of a plot, by line name. */
const legend = async (page: Page, plot: string): Promise<[string, number][]> => {
  const entries = await page.$$eval(`${plot} .legend button`, (buttons) =>
    buttons.map((button) => {
      const value = button.querySelector('.value')?.textContent ?? '';
      return [button.textContent?.replace(value, '') ?? '', value] as const;
    }),
  );
  return entries.map(([name, value]) => [name, readFigure(value)]);
};

/** Number of pixels with each line's color in the plot itself. */
const drawn = (page: Page, plot: string): Promise<number[]> =>
  page.$eval(plot, (section) => {
    const canvas = section.querySelector('canvas') as HTMLCanvasElement;
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return [...section.querySelectorAll('.legend .swatch')].map((swatch) => {
      const [r, g, b] = getComputedStyle(swatch).stroke.match(/\d+/g)?.map(Number) ?? [];
      let pixels = 0;
      for (let i = 0; i < data.length; i += 4) {
        const difference = Math.abs(data[i]! - r!) + Math.abs(data[i + 1]! - g!) + Math.abs(data[i + 2]! - b!);
        if (data[i + 3]! > 200 && difference < 12) pixels++;
      }
      return pixels;
    });
  });

describe('with the data sets of wgrad dev', () => {
  let page: Page;
  const complaints: string[] = [];
  beforeEach(async () => {
    page = await studio.browser.newPage();
    complaints.length = 0;
    await openPage(`${await studio.serve(devRoutes())}#dataset=mnist`, page, complaints);
  });
  afterEach(() => page.close());

  test('the tutorial on MNIST: the page shows the adapter and how it shortens the run there', async () => {
    expect(await text(page, '#adapter')).toBe('CPU (slow)');
    expect(await text(page, '#adapter-note')).toContain('Training runs on the CPU through SwiftShader.');
    expect(await page.$eval('#dataset', (it) => (it as HTMLSelectElement).value)).toBe('mnist');
    expect(await text(page, '#facts')).toContain('60,000 training and 10,000 validation images');
    expect(await page.$eval('#dataset', (it) => (it as HTMLSelectElement).selectedOptions[0]?.textContent)).toBe(
      'MNIST',
    );
    const shortened =
      'Shortened for the CPU: 2 epochs of 10,000 training and 2,000 validation images, about \\d+ seconds';
    expect(await text(page, '#cut')).toMatch(new RegExp(`${shortened} by a rough estimate`));
    expect(await text(page, '#model')).toContain('conv2d_111 × 11 × 6418,496');
    expect(await text(page, '#model')).toContain('225,034');

    // On a wide screen the learning rate is in the run bar, too, also by keyboard.
    await page.setViewport({ width: 1440, height: 900 });
    await page.focus('#rate-in-bar');
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => decodeURIComponent(location.hash).includes('"learningRate":0.0013'));
    expect(await page.$eval('#learning-rate-number', (it) => (it as HTMLInputElement).value)).toBe('0.0013');
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction(() => !location.hash.includes('0.0013'));
    expect(await text(page, '.rate output')).toBe('0.001');
    await page.setViewport({ width: 1280, height: 960 });
    expect(await page.$eval('#rate-in-bar', (it) => it.checkVisibility())).toBe(false);

    // The duration is estimated from its first steps, also for returning visitors.
    await press(page, '#start');
    await until(page, '#place', '^epoch 1 of 2, step \\d+ of 313 · \\d+:\\d\\d left$');
    await until(page, '#cut', 'about [\\d.]+ (seconds|minutes|hours) as measured here\\. A GPU trains 10 epochs');
    await press(page, '#stop');
    await until(page, '#status', 'Stopped after');
    await page.reload();
    await until(page, '#cut', 'as measured here');
    expect(complaints).toEqual([]);
  });

  test('the back button undoes a change; unknown, duplicate and misspelled parts of a link are reported', async () => {
    await page.evaluate(() => {
      location.hash = '#dataset=digits&model=five-relu&lr=0.1&epoch=3&batch_size=8&seed=1&seed=2&unheard-of';
    });
    await until(page, '#page-error', "This page's URL has 5 errors");
    const told = await text(page, '#page-error');
    expect(told).toContain('lr: lr=0.1; a learning rate is a part of the optimizer: optimizer={"type":"adam"');
    expect(told).toContain('epoch: epoch=3; did you mean epochs?');
    expect(told).toContain('batch_size: batch_size=8; did you mean batch-size?');
    expect(told).toContain('seed: 1, 2');
    expect(told).toMatch(/unheard-of: unheard-of; expected: dataset, clean, .*test-samples/);
    await page.evaluate(() => {
      location.hash = '#dataset=digits&model=five-relu&sead=3';
    });
    await until(page, '#page-error', 'unknown parameter, which is ignored: sead.*did you mean seed');

    await page.waitForSelector('#model-preset');
    await page.select('#model-preset', 'deep-sigmoid');
    await page.waitForFunction(() => location.hash.includes('deep-sigmoid'));
    await page.evaluate(() => history.back());
    await page.waitForFunction(() => location.hash.includes('five-relu'));
    expect(await page.$eval('#model-preset', (it) => (it as HTMLSelectElement).value)).toBe('five-relu');
    expect(complaints).toEqual([]);
  });

  test('a run by keyboard: it learns, shows the norm of each layer, stops, keeps its state, and starts again', async () => {
    await chooseDataset(page, 'digits');
    expect(await page.$eval('#cut', (it) => (it as HTMLElement).hidden)).toBe(true);
    // Long enough to be stopped.
    await press(page, '#epochs-count', { count: 3 });
    await page.type('#epochs-count', '500');
    await page.focus('#start');
    await page.keyboard.press('Enter');
    await untilEpoch(page, 1);
    await untilFocused(page, '#start');
    expect(await text(page, '#start')).toBe('Pause');

    await untilEpoch(page, 3);
    expect(await number(page, '#validation-accuracy-now')).toBeGreaterThan(0.5);
    expect(await number(page, '#rate-now')).toBeGreaterThan(0);
    expect(await text(page, '#step-now')).toMatch(/^\d+\.\d m?s$/);
    expect(await number(page, '#bytes-now')).toBeGreaterThan(1);
    expect(await text(page, '#left-now')).toMatch(/^\d+:\d\d$/);
    const norms = await legend(page, '#norms');
    expect(norms.map(([name]) => name)).toEqual(layers);
    for (const [, norm] of norms) expect(norm).toBeGreaterThan(0);
    await page.focus('#stop');
    await page.keyboard.press('Enter');
    await until(page, '#status', 'Stopped after \\d+ steps. Validation accuracy \\d+\\.\\d %');
    await untilFocused(page, '#start');
    const place = await text(page, '#place');
    // The values of single steps are pale, with their mean drawn over them.
    await vi.waitFor(async () => {
      for (const pixels of await drawn(page, '#norms')) expect(pixels).toBeGreaterThan(100);
      for (const pixels of (await drawn(page, '#loss')).slice(1)) expect(pixels).toBeGreaterThan(100);
    }, 60_000);
    const asShown = await epochRows(page);
    const epochs = await page.$$eval('#epochs tbody tr', (rows) =>
      rows.map((row) => [...row.children].map((cell) => cell.textContent).join(' ')),
    );
    const [first, second] = epochs.map((row) => Number(row.split(/\s+/)[1]));
    expect(first).toBeGreaterThan(1.5);
    expect(second).toBeLessThan(0.85 * first!);
    expect(epochs[0]).toMatch(/^1(\s+\d\.\d+\s+\d+\.\d %){2}(\s+[\d.]+){4}\s+[\d.]+\s+[\d,]+$/);
    expect(epochs.length).toBeGreaterThanOrEqual(3);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await text(page, '#place')).toBe(place);

    // Pointing at a step shows its figures in both plots; a line can be switched off in the legend.
    const latest = await number(page, '#norms .legend .value');
    await point(page, '#loss .u-over', 2);
    await until(page, '#norms .at', '^step \\d\\d?$');
    expect(await text(page, '#loss .at')).toBe(await text(page, '#norms .at'));
    expect(await number(page, '#norms .legend .value')).not.toBe(latest);
    await press(page, '#norms .legend button');
    await page.waitForSelector('#norms .legend button[aria-pressed=false]');
    await vi.waitFor(async () => {
      const [hidden, ...others] = await drawn(page, '#norms');
      expect(hidden).toBeLessThan(10);
      for (const pixels of others) expect(pixels).toBeGreaterThan(100);
    }, 60_000);

    await page.focus('#start');
    await page.keyboard.press('Enter');
    await page.waitForFunction((place) => document.querySelector('#place')?.textContent !== place, {}, place);
    await untilEpoch(page, 2);
    await press(page, '#stop');
    await until(page, '#status', 'Stopped after');
    expect((await epochRows(page))[0]).toBe(asShown[0]);
    expect(complaints).toEqual([]);
  });

  test('in dark mode, and at 400 pixels, where nothing overflows and the setup is collapsed', async () => {
    const background = () => page.$eval('body', (body) => getComputedStyle(body).backgroundColor);
    const light = await background();
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
    expect(await background()).not.toBe(light);
    expect(await page.$$('.setup .fold[open]')).toHaveLength(5);
    await page.setViewport({ width: 400, height: 800 });
    await page.waitForFunction(() => !document.querySelector('.setup .fold[open]'));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
    expect(await page.$$eval('.gist', (all) => all.map(({ textContent }) => textContent))).toEqual([
      'tutorial, 225,034 parameters',
      'MNIST, 10,000 of its 60,000 images',
      'adam, rate 0.001, batch size 32',
      'handwriting',
      'sparseCategoricalCrossentropy',
    ]);
    await page.focus('#data summary');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#data .fold[open] #dataset');
    // Its state is remembered for this width.
    await page.focus('#augmentation summary');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.setViewport({ width: 1280, height: 960 });
    await page.waitForSelector('#model-panel .fold[open]');
    await page.setViewport({ width: 400, height: 800 });
    await page.waitForSelector('#model-panel .fold:not([open])');
    expect(await page.$$eval('.setup .fold[open] h2', (all) => all.map(({ id }) => id))).toEqual(['data-title']);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
    expect(complaints).toEqual([]);
  });
});

test('on a static server, in a subfolder, a part of MNIST is available for training; other sets say why they are not', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const asked: string[] = [];
  const url = await studio.serve((request, response, next) => {
    asked.push(request.url!);
    const path = /^\/some\/where(\/.*)$/.exec(request.url!)?.[1];
    if (!path) return response.writeHead(404).end();
    request.url = path;
    next();
  });
  await openPage(`${url}some/where/#dataset=mnist`, page, complaints);
  expect(await page.$eval('#dataset', (it) => (it as HTMLSelectElement).value)).toBe('mnist');
  expect(
    await page.$$eval('#dataset option', (all) => all.map(({ textContent, disabled }) => [textContent, disabled])),
  ).toEqual([
    ['MNIST (6,000 of 60,000 images)', false],
    ['Fashion-MNIST: not on this server', true],
    ['CIFAR-10: not on this server', true],
    ['Digits', false],
    ['Your own images', false],
  ]);
  expect(await text(page, '#missing')).toContain(
    'The data set cifar10 is not on this server. To get it, start the page',
  );
  expect(await text(page, '#facts')).toContain('6,000 training and 2,000 validation images of 28');
  expect(await text(page, '#data .gist')).toBe('MNIST, 6,000 of its 60,000 images');
  // A link can ask for something unavailable, or for more than is available.
  await page.evaluate(() => {
    location.hash = '#dataset=fashion-mnist';
  });
  await until(page, '#page-error', 'fashion-mnist is not on this server.*npx wgrad dev');
  await page.evaluate(() => {
    location.hash = '#dataset=fashion-mnits';
  });
  await until(page, '#page-error', 'Unknown data set.*did you mean "fashion-mnist"');
  await page.evaluate(() => {
    location.hash = '#dataset=mnist&model=five-relu&augment=none&epochs=2&train-samples=60000&test-samples=1';
  });
  await until(page, '#fewer', 'You requested 60,000 training images, but there are 6,000');
  expect(await text(page, '#few-validation')).toContain('Only 1 validation image: each is 100 %');
  await page.evaluate(() => {
    location.hash = '#dataset=mnist&model=five-relu&augment=none&epochs=2&train-samples=1000&test-samples=1';
  });
  await page.waitForSelector('#start:enabled');
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  await until(
    page,
    '#results .facts',
    '^1 validation image after 64 steps: accuracy (0|100)\\.0 %, balanced (0|100)\\.0 %, \\d mistakes?\\.',
  );
  expect(asked.filter((path) => !path.startsWith('/some/where/'))).toEqual([]);
  expect(complaints).toEqual([]);
  await page.close();

  // The same images that the whole set begins with.
  const whole = await readDatasets('mnist');
  for (const part of ['train', 'test'] as const) {
    const { images, labels } = mnistPart.files[part];
    const read = (name: string) => readFileSync(join(studio.folder, mnistPart.folder, name));
    const first = takeFirst(whole[part], mnistPart[part].count);
    const built = await parseIdxDataset({ images: read(images), labels: read(labels) });
    expect(built.imageShape).toEqual([28, 28, 1]);
    expect(Buffer.compare(built.images, first.images)).toBe(0);
    expect(Buffer.compare(Uint8Array.from(built.labels), Uint8Array.from(first.labels))).toBe(0);
    expect(mnistPart[part].of).toBe(whole[part].count);
  }
  expect(readFileSync(join(studio.folder, mnistPart.folder, 'NOTICE.md'), 'utf8')).toContain('by-sa/3.0');
});

test('a data set that failed to load does not show the previous one, and is retried by its button or when the network is back', async () => {
  const page = await studio.browser.newPage();
  const known = knownDatasets();
  let isDown = true;
  let asked = 0;
  const find = async (name: string) => {
    if (name !== 'fashion-mnist') return known(name);
    asked++;
    if (!isDown) return known('digits');
    throw new DataError({ what: '<img src="x" onerror="document.title = 1">', found: 'nothing', fix: 'get it' });
  };
  const mnist = { what: 'The data set mnist is not on this machine', fix: 'type: wgrad data get mnist' };
  const routes = datasetRoutes(find, (name) => (name === 'mnist' ? mnist : undefined));
  await openPage(`${await studio.serve(routes)}#dataset=mnist`, page, []);
  // If the server has no MNIST, as `wgrad dev` in the package, the page uses its own part.
  expect(await text(page, '#facts')).toContain('6,000 training and 2,000 validation images of 28');
  expect(await page.$$eval('#dataset option', (all) => all.map(({ disabled }) => disabled))).not.toContain(true);
  await page.waitForSelector('.samples button');
  await page.select('#dataset', 'fashion-mnist');
  await until(page, '[role=alert]', 'fashion-mnist');
  const alert = await text(page, '[role=alert]');
  expect(alert).toContain('<img src="x"');
  expect(alert).toContain('to do: get it');
  expect(await page.$('[role=alert] img')).toBeNull();
  expect(await page.$eval('#start', (it) => (it as HTMLButtonElement).disabled)).toBe(true);
  expect(await page.$('.samples button, .first-samples')).toBeNull();
  expect(await text(page, '#status')).toBe('');

  const before = asked;
  await press(page, '#try-again');
  await vi.waitUntil(() => asked > before, { timeout: patience });
  isDown = false;
  await press(page, '#try-again');
  await page.waitForSelector('#start:enabled');
  await page.waitForSelector('.samples button');
  expect(await text(page, '#facts')).toContain('1,500 training');
  expect(await page.$eval('#page-error', (it) => (it as HTMLElement).hidden)).toBe(true);

  // After it was dismissed, the message is still shown in its place.
  await chooseDataset(page, 'digits');
  isDown = true;
  await page.select('#dataset', 'fashion-mnist');
  await until(page, '[role=alert]', 'fashion-mnist');
  await press(page, '#page-error button:last-child');
  await until(page, '#dataset-error', 'has no data at');
  isDown = false;
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.waitForSelector('#start:enabled');
  expect(await page.$('#dataset-error')).toBeNull();

  await page.close();
});

test('a part of the page that fails to load does not affect the run, and is loaded when its server is back', async () => {
  const page = await studio.browser.newPage();
  let isBusy = true;
  const routes: Routes = (request, response, next) => {
    if (isBusy && /chart-.*\.js/.test(request.url ?? '')) response.writeHead(503).end();
    else devRoutes()(request, response, next);
  };
  await openPage(`${await studio.serve(routes)}#dataset=digits&augment=none&model=five-relu&epochs=2`, page, []);
  await press(page, '#start');
  await until(page, '#page-error', 'Part of this page could not be loaded. Your run is safe');
  expect(await text(page, '#page-error')).not.toMatch(/load this page again|reload/);
  await until(page, '#status', 'Done in');
  isBusy = false;
  await page.waitForSelector('#loss canvas');
  await page.waitForFunction(() => document.querySelector<HTMLElement>('#page-error')!.hidden);
  await page.close();
});

test("a run and the user's pictures survive a reload; the page asks before unsaved data are lost", async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const url = `${await studio.serve(devRoutes())}#dataset=digits&model=five-relu&epochs=2`;
  await openPage(url, page, complaints);
  const asked: string[] = [];
  page.on('dialog', ({ type }) => asked.push(type()));
  const isGuarded = () => page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
  // During training, nothing of it is saved yet.
  await press(page, '#step');
  await until(page, '#place', 'step 1 of');
  expect(await isGuarded()).toBe(true);
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  const accuracy = await text(page, '#validation-accuracy-now');
  await page.waitForSelector('#kept-runs');
  expect(await isGuarded()).toBe(false);
  await page.reload();
  await page.waitForSelector('#start:enabled');
  await until(page, '#last-run', 'five-relu on .*steps');
  expect(asked).toEqual([]);
  await press(page, '#open-last');
  await until(page, '#status', 'Loaded five-relu on');
  expect(await text(page, '#validation-accuracy-now')).toBe(accuracy);
  expect(await page.$('#last-run')).toBeNull();
  await page.waitForSelector('#confusion-title');

  // Once discarded, it is gone.
  await page.reload();
  await press(page, '#discard-last');
  await page.waitForSelector('#last-run', { hidden: true });
  await page.reload();
  await page.waitForSelector('#start:enabled');
  await page.evaluate(() => document.querySelector('.later')?.scrollIntoView());
  await until(page, '#runs', 'Runs are kept in this browser when they end');
  expect(await page.$('#last-run')).toBeNull();
  expect(complaints).toEqual([]);
  await page.close();
});

test('if the browser has no space left, the page says so and asks before a run is lost', async () => {
  const page = await studio.browser.newPage();
  await openPage(`${await studio.serve(devRoutes())}#dataset=digits&model=five-relu&epochs=1`, page, []);
  await page.evaluate(() => {
    FileSystemWritableFileStream.prototype.close = async () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  const asked: string[] = [];
  page.on('dialog', (dialog) => asked.push(dialog.message()));
  await press(page, '#start');
  await until(page, '#status', 'not kept in the browser .the disk is full.: save it as a file');
  await press(page, '#start');
  await until(page, '#status', 'not kept in the browser|Training|Done');
  expect(asked[0]).toContain('This run is not saved, and will be lost');
  await page.close();
});

/** Pictures are painted asynchronously, off screen within a second. */
const soon = (look: () => Promise<void>) => vi.waitFor(look, { timeout: patience, interval: 100 });

/** Figures of an epoch's row, without its time. */
const epochRows = (page: Page): Promise<string[]> =>
  page.$$eval('#epochs tbody tr', (rows) =>
    rows.map((row) =>
      [...row.children]
        .slice(0, 5)
        .map((cell) => cell.textContent)
        .join(' '),
    ),
  );

/** From the next step on, the worker's GPU is lost: once, or repeatedly until its `heal` is called. */
const destroyDevices = (page: Page, how: 'once' | 'always'): Promise<void> =>
  page.workers()[0]!.evaluate((how) => {
    const { createCommandEncoder } = GPUDevice.prototype;
    const heal = () => {
      GPUDevice.prototype.createCommandEncoder = createCommandEncoder;
    };
    Object.assign(globalThis, { heal });
    GPUDevice.prototype.createCommandEncoder = function (this: GPUDevice, ...args) {
      if (how === 'once') heal();
      this.destroy();
      return createCommandEncoder.apply(this, args);
    };
  }, how);

describe('a lost GPU is reopened, and the run ends as without the interruption', () => {
  const address = '#dataset=digits&augment=none&model=five-relu&epochs=8&train-samples=640&seed=3';
  let undisturbed: string[];
  beforeAll(async () => {
    const page = await studio.browser.newPage();
    await openPage(`${await studio.serve()}${address}`, page, []);
    await press(page, '#start');
    await until(page, '#status', 'Done in');
    undisturbed = await epochRows(page);
    await page.close();
  });

  test.each<[string, (page: Page) => Promise<void>]>([
    [
      'its process killed',
      async () => {
        const cdp = await studio.browser.target().createCDPSession();
        // This never resolves, because the process that would answer is gone.
        cdp.send('Browser.crashGpuProcess').catch(() => undefined);
      },
    ],
    ['its device destroyed', (page) => destroyDevices(page, 'once')],
  ])('%s', async (_, lose) => {
    const page = await studio.browser.newPage();
    await openPage(`${await studio.serve()}${address}`, page, []);
    await pauseAt(page, 'epoch [3-8] of 8');
    await press(page, '#start');
    await until(page, '#status', 'Paused after');
    const picture = () => page.$eval('.classes canvas', (it) => (it as HTMLCanvasElement).toDataURL());
    const before = await picture();
    await lose(page);
    await press(page, '#start');
    await until(page, '#device-lost', 'The GPU was lost after \\d+ steps?; training resumed from the last checkpoint');
    // The canvases show the same picture again.
    await soon(async () => expect(await picture()).toBe(before));
    await soon(async () => expect(Math.min(...(await drawn(page, '#loss')))).toBeGreaterThanOrEqual(20));
    await until(page, '#status', 'Done in');
    expect(await page.$eval('#page-error', (it) => (it as HTMLElement).hidden)).toBe(true);
    expect(await epochRows(page)).toEqual(undisturbed);
    await page.close();
  });

  test('a device that is lost repeatedly ends the run with the reason, and the run can be resumed from there', async () => {
    const page = await studio.browser.newPage();
    await openPage(`${await studio.serve()}${address}`, page, []);
    await pauseAt(page, 'epoch [3-8] of 8');
    await press(page, '#start');
    await until(page, '#status', 'Paused after');
    await destroyDevices(page, 'always');
    await press(page, '#start');
    await until(page, '[role=alert]', 'device was lost');
    expect(await text(page, '#status')).toMatch(/ended with an error after \d+ step/);
    await page.workers()[0]!.evaluate(() => (globalThis as unknown as { heal: () => void }).heal());
    await press(page, '#resume');
    await until(page, '#status', 'Done in');
    expect(await epochRows(page)).toEqual(undisturbed);
    await page.close();
  });
});

describe('without WebGPU, the page shows what was tried and what to do', () => {
  test('if the browser has none', async () => {
    const page = await studio.browser.newPage();
    await page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined }));
    const complaints: string[] = [];
    await openPage(await studio.serve(), page, complaints);
    const alert = await text(page, '[role=alert]');
    expect(alert).toContain('This browser has no WebGPU');
    expect(alert).toContain('navigator.gpu: missing');
    // There is something to see nevertheless: the recorded run.
    expect(await text(page, '.sample-mark')).toBe('Sample run');
    await until(page, '#gradient-map tbody tr .badge', '^vanishing$');
    await page.waitForSelector('#loss canvas');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('if the browser never answers: the page says so, with its time limit', async () => {
    const page = await studio.browser.newPage();
    const complaints: string[] = [];
    // The page's worker requests the adapter, and scripts for new documents don't apply to it. Its timer runs fast.
    const neverAnswers =
      'GPU.prototype.requestAdapter = () => new Promise(() => {});' +
      'const wait = setTimeout; self.setTimeout = (work, ms) => wait(work, ms / 100);';
    const cdp = await page.createCDPSession();
    cdp.on('Fetch.requestPaused', async ({ requestId, request }) => {
      const body = Buffer.from(neverAnswers + (await (await fetch(request.url)).text())).toString('base64');
      const responseHeaders = [{ name: 'content-type', value: 'text/javascript' }];
      await cdp.send('Fetch.fulfillRequest', { requestId, responseCode: 200, responseHeaders, body });
    });
    // Only the worker's script: the chunks that it imports are not modified.
    await cdp.send('Fetch.enable', { patterns: [{ urlPattern: '*/worker-*.js' }] });
    await openPage(await studio.serve(), page, complaints);
    expect(await text(page, '[role=alert]')).toContain('did not answer requestAdapter() within 30 seconds');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test.skipIf(process.platform !== 'linux')('if there is no adapter, as in Chrome on Linux without flags', async () => {
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const plain = await puppeteer.launch({ executablePath: await ensureChrome(), args, pipe: true });
    try {
      const page = await plain.newPage();
      await openPage(await studio.serve(), page, []);
      const alert = await text(page, '[role=alert]');
      expect(alert).toContain('What was tried');
      expect(alert).toContain('--enable-unsafe-webgpu --use-webgpu-adapter=swiftshader');
    } finally {
      await plain.close();
    }
  });
});
