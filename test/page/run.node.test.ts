import type { Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { expectNoLong, sentenceOf, tasksDuring } from './main_thread.ts';
import { openPage, openStudio, pauseAt, press, type Studio, text, until, untilEpoch, untilFocused } from './studio.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio?.close());

/** The figures of each epoch without its time. */
const epochs = (page: Page): Promise<string[]> =>
  page.$$eval('#epochs tbody tr', (rows) =>
    rows.map((row) =>
      [...row.children]
        .slice(0, -2)
        .map((cell) => cell.textContent)
        .join(' '),
    ),
  );

/** The fraction of a plot's width in which the color of its second line appears, from the first step to the last. */
const width = (page: Page, plot: string): Promise<number> =>
  page.$eval(plot, (section) => {
    const canvas = section.querySelector('canvas')!;
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height);
    const context = copy.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const swatch = section.querySelectorAll('.legend .swatch')[1]!;
    const color = getComputedStyle(swatch).stroke.match(/\d+/g)!.map(Number);
    const isOf = (x: number, y: number) => {
      const at = 4 * (y * width + x);
      return data[at + 3]! > 200 && color.every((it, i) => Math.abs(it - data[at + i]!) < 12);
    };
    const columns = [...Array(width).keys()].filter((x) => [...Array(height).keys()].some((y) => isOf(x, y)));
    return columns.length / (section.querySelector('.u-over')!.clientWidth * devicePixelRatio);
  });

test('a run that a user sets up: the page stays responsive, a hidden tab continues it, and its URL repeats it', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(`${await studio.serve()}#dataset=digits&train-samples=800`, page, complaints);
  const type = async (field: string, value: string) => {
    await press(page, field, { count: 3 });
    await page.type(field, value);
    await page.keyboard.press('Tab');
  };
  await type('#seed', '77');
  await type('#epochs-count', '5');
  await page.waitForFunction(() => /seed=77/.test(location.hash) && /epochs=5/.test(location.hash));
  const address = page.url();

  const tasks = await tasksDuring(page, async () => {
    // Before it is over: another tab has to be open by then.
    await pauseAt(page, 'epoch ([3-5] of 5|2 of 5, step [2-9])');
    await press(page, '#start');
    await until(page, '#status', 'Paused after');
  });
  const [frameMs, paintMs] = await page.$eval('.network-drawing', (it) => {
    const { frameMs, paintMs } = (it as HTMLElement).dataset;
    return [Number(frameMs), Number(paintMs)];
  });
  console.log(
    `While it trains in software on this machine: ${sentenceOf(tasks)}. ` +
      `Painting the network takes ${paintMs!.toFixed(2)} ms, every ${frameMs!.toFixed(0)} ms`,
  );
  expectNoLong(tasks);
  // Ten times a second, because a software adapter computes on the same cores. Sixty times would be possible.
  expect(frameMs).toBeGreaterThanOrEqual(100);
  expect(paintMs).toBeGreaterThan(0);
  expect(paintMs).toBeLessThan(1000 / 60);

  // Another tab in front of it.
  const other = await studio.browser.newPage();
  await other.goto('about:blank');
  const told = () => page.evaluate(() => ({ hidden: document.hidden, done: Number.parseFloat(document.title) }));
  const { hidden, done } = await told();
  expect(hidden).toBe(true);
  expect(done).toBeGreaterThanOrEqual(20);
  await page.$eval('#start', (it) => (it as HTMLElement).click());
  await vi.waitFor(async () => expect((await told()).done).toBeGreaterThan(done + 15), { timeout: 100_000 });
  expect((await told()).hidden).toBe(true);
  await other.close();
  await page.bringToFront();
  await until(page, '#status', 'Done in');
  expect(await text(page, '#place')).toBe('epoch 5 of 5, step 25 of 25');
  await until(page, '#loss .at', '^step 125$');
  await vi.waitFor(async () => expect(await width(page, '#loss')).toBeGreaterThan(0.97), { timeout: 60_000 });

  const again = await studio.browser.newPage();
  await openPage(address, again, complaints);
  await press(again, '#start');
  await until(again, '#status', 'Done in');
  const figures = await epochs(page);
  expect(figures.length).toBe(5);
  expect(figures[4]).toMatch(/^5( \d\.\d+ \d+\.\d %){2}( [\d.]+( × 10\S+)?){4}$/);
  expect(await epochs(again)).toEqual(figures);
  expect(complaints).toEqual([]);
  await again.close();
  await page.close();
});

test('a pause during compilation takes effect before the first step; steps of less than a batch are timed separately', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(
    `${await studio.serve()}#dataset=digits&augment=none&model=five-relu&train-samples=8&epochs=40`,
    page,
    complaints,
  );
  await page.evaluate(() => {
    const press = () => document.querySelector<HTMLElement>('#start')!.click();
    press();
    // As soon as it can be pressed for something else, before anything is compiled.
    new MutationObserver((_, observer) => {
      if (document.querySelector('#start')!.textContent !== 'Pause') return;
      observer.disconnect();
      press();
    }).observe(document.querySelector('#start')!, { subtree: true, childList: true, characterData: true });
  });
  await until(page, '#status', 'Paused after 0 steps');
  expect(await text(page, '#start')).toBe('Resume');
  expect(await text(page, '#place')).toBe('40 epochs');
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  // One step per epoch, with eight images instead of the 32 that would fit.
  const figure = async (id: string) => Number.parseFloat((await text(page, id)).replace(',', ''));
  const [images, step] = [await figure('#rate-now'), await text(page, '#step-now')];
  const ms = Number.parseFloat(step) * (step.endsWith(' ms') ? 1 : 1000);
  expect((images * ms) / 1000 / 8).toBeGreaterThan(0.9);
  expect((images * ms) / 1000 / 8).toBeLessThan(1.1);
  expect(complaints).toEqual([]);
  await page.close();
});

test('one step, another one, resume, pause, stop', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(`${await studio.serve()}#dataset=digits&augment=none&model=five-relu`, page, complaints);
  const place = () => text(page, '#place');
  await press(page, '#step');
  await until(page, '#status', 'Paused after 1 step\\.');
  expect(await place()).toMatch(/^epoch 1 of \d+, step 1 of 47$/);
  await press(page, '#step');
  await until(page, '#status', 'Paused after 2 steps');
  await until(page, '#loss .at', '^step 2$');
  expect(await text(page, '#start')).toBe('Resume');

  await press(page, '#start');
  await until(page, '#place', 'step [5-9]|step \\d\\d');
  expect(await text(page, '#start')).toBe('Pause');
  await press(page, '#start');
  await until(page, '#status', 'Paused after \\d+ steps');
  const held = await place();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await place()).toBe(held);

  await press(page, '#stop');
  await until(page, '#status', 'Stopped after \\d+ steps');
  expect(await place()).toBe(held);
  expect(await text(page, '#start')).toBe('Train again');
  expect(await page.$eval('#stop', (it) => (it as HTMLButtonElement).disabled)).toBe(true);
  expect(complaints).toEqual([]);
  await page.close();
});

test('Try it during training: the prediction follows the weights; Escape moves the panel back to its place', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  // A small learning rate, so that the prediction still changes when a busy machine gets to see it.
  const slow = '#dataset=digits&augment=none&model=five-relu&epochs=5000&lr=0.00001';
  await openPage(`${await studio.serve()}${slow}`, page, complaints);
  await press(page, '#start');
  await untilEpoch(page, 2);
  await press(page, '#open-try');
  await untilFocused(page, '#close-try');
  const isDrawer = () => page.$eval('#try', (it) => getComputedStyle(it).position === 'fixed');
  expect(await isDrawer()).toBe(true);
  // In sight together with the map, on a desk and on a phone.
  for (const width of [1280, 320]) {
    await page.setViewport({ width, height: 800 });
    const { left, right, top, bottom } = await page.$eval(
      '#try',
      (it) => it.getBoundingClientRect().toJSON() as DOMRect,
    );
    expect(left).toBeGreaterThanOrEqual(0);
    expect(right).toBeLessThanOrEqual(width);
    expect(top).toBeGreaterThan(100);
    expect(bottom).toBeLessThanOrEqual(800);
  }
  await page.setViewport({ width: 1280, height: 960 });
  await page.$eval('#try #next-image', (it) => (it as HTMLElement).click());
  await page.waitForSelector('#probabilities .best');
  const shares = () => text(page, '#probabilities');
  const before = await shares();
  await vi.waitFor(async () => expect(await shares()).not.toBe(before), 60_000);
  await page.focus('#close-try');
  await page.keyboard.press('Escape');
  await untilFocused(page, '#open-try');
  expect(await isDrawer()).toBe(false);
  expect(await text(page, '#probabilities .best')).not.toBe('');
  await press(page, '#stop');
  await until(page, '#status', 'Stopped after');
  expect(complaints).toEqual([]);
  await page.close();
});

test('activations in float16: a setting with a loss scale, which the URL repeats, and whose errors the trainer reports', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const settings = 'dataset=digits&augment=none&model=five-relu&epochs=1&train-samples=200';
  await openPage(`${await studio.serve()}#${settings}`, page, complaints);
  await page.waitForSelector('#activation-storage');
  expect(await page.$('#loss-scale')).toBeNull();
  await page.select('#activation-storage', 'float16');
  await page.waitForSelector('#loss-scale');
  await page.select('#loss-scale', 'dynamic');
  await page.waitForFunction(() => /activation-storage=float16&loss-scale=dynamic/.test(location.hash));
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  expect(await epochs(page)).toHaveLength(1);
  await page.select('#activation-storage', 'float32');
  await page.waitForFunction(() => !/float16|loss-scale/.test(location.hash));
  expect(await page.$('#loss-scale')).toBeNull();
  expect(complaints).toEqual([]);
  // Only the trainer knows whether two settings fit together.
  await page.goto(`${await studio.serve()}#${settings}&loss-scale=1024&seed=1`);
  await page.reload();
  await page.waitForSelector('#start:enabled');
  await press(page, '#start');
  await until(page, '#page-error', 'Invalid activationStorage or lossScale');
  await page.close();
});
