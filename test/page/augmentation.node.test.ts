import type { Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openPage, openStudio, type Studio, text, until } from './studio.ts';

let studio: Studio;
let url: string;
beforeAll(async () => {
  studio = await openStudio();
  url = await studio.serve();
});
afterAll(() => studio?.close());

/** The images of the draws' table as they lie in its canvases: originals first in each row. */
const pixels = (page: Page): Promise<string[]> =>
  page.$$eval('.draws canvas', (canvases) => canvases.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()));

const slide = (page: Page, selector: string, value: number) =>
  page.$eval(
    selector,
    (it, value) => {
      (it as HTMLInputElement).value = String(value);
      it.dispatchEvent(new Event('input', { bubbles: true }));
    },
    value,
  );

/** Waits until the draws are others than these. */
const others = (page: Page, before: string[]) =>
  page.waitForFunction(
    (before) =>
      [...document.querySelectorAll<HTMLCanvasElement>('.draws canvas')].some(
        (canvas, i) => canvas.toDataURL() !== before[i],
      ),
    {},
    before,
  );

const experimentIn = (page: Page) => new URLSearchParams(new URL(page.url()).hash.slice(1));

describe('augmentation', () => {
  let page: Page;
  const complaints: string[] = [];
  beforeEach(async () => {
    page = await studio.browser.newPage();
    complaints.length = 0;
    await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]); // nothing moves by itself
    await openPage(`${url}#dataset=digits`, page, complaints);
    await page.waitForSelector('.draws button');
    await page.waitForSelector('#generator-rotationRange');
  });
  afterEach(async () => {
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('a slider changes what the draws look like, and the address; without augmentation they are the originals', async () => {
    const before = await pixels(page);
    expect(before).toHaveLength(4 * 7);
    await slide(page, '#generator-rotationRange', 120);
    await others(page, before);
    const turned = await pixels(page);
    for (let row = 0; row < 4; row++) expect(turned[7 * row]).toBe(before[7 * row]);
    expect(JSON.parse(experimentIn(page).get('augment') ?? '')).toMatchObject({ rotationRange: 120, zoomRange: 0.1 });

    await page.select('#augmentation-preset', 'none');
    await others(page, turned);
    const plain = await pixels(page);
    for (const [i, image] of plain.entries()) expect(image).toBe(before[i - (i % 7)]);
    expect(experimentIn(page).get('augment')).toBe('none');
  });

  test('pointing at a draw tells what was drawn, and where its frame lies; arrow keys go from one to the next', async () => {
    await page.hover('[data-place="1 2"]');
    await until(page, '#draw-facts', 'theta -?[0-9.]+, tx .*flipHorizontal (true|false)');
    const points = await page.$eval('.warped-frame polygon', (it) => it.getAttribute('points') ?? '');
    expect(points.split(/[ ,]/).map(Number).filter(Number.isFinite)).toHaveLength(8);
    const facts = await text(page, '#draw-facts');
    await page.focus('[data-place="1 2"]');
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((facts) => document.querySelector('#draw-facts')?.textContent !== facts, {}, facts);
    expect(await page.evaluate(() => (document.activeElement as HTMLElement).dataset.place)).toBe('1 3');
  });

  test('a list of ops: added, moved, switched off, copied; what makes no sense is told there', async () => {
    let before = await pixels(page);
    await page.select('#add-op', 'randomInvert');
    await others(page, before);
    await page.select('#add-op', 'randomRotation');
    await page.waitForSelector('#op-1-degrees');
    const list = () => JSON.parse(experimentIn(page).get('augment') ?? '') as { type: string }[];
    expect(list()).toEqual([{ type: 'randomInvert' }, { type: 'randomRotation', degrees: 15 }]);
    await page.click('[aria-label="move randomRotation up"]');
    expect(list().map(({ type }) => type)).toEqual(['randomRotation', 'randomInvert']);
    await page.click('#op-1'); // off
    expect(list().map(({ type }) => type)).toEqual(['randomRotation']);
    expect(await text(page, '.ops')).toContain('randomInvert');
    await page.click('#op-1');
    expect(list().map(({ type }) => type)).toEqual(['randomRotation', 'randomInvert']);
    const flag = await page.$eval('#copy-flag', (it) => (it as HTMLElement).dataset.text);
    expect(flag).toBe(`--augment '${JSON.stringify(list())}'`);

    before = await pixels(page);
    await page.select('#add-op', 'randomGrayscale');
    await until(page, '#augmentation-error', 'takes the colour away');
    await page.click('[aria-label="remove randomGrayscale"]');
    await page.waitForFunction(() => !document.querySelector('#augmentation-error'));
  });
});

test('a link repeats the augmentation, and what it says wrong is told as text', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const augment = encodeURIComponent(JSON.stringify([{ type: 'randomVerticalFlip', p: 1 }]));
  await openPage(`${url}#dataset=digits&augment=${augment}&batch-size=<img src=x>`, page, complaints);
  await page.waitForSelector('#op-0-p');
  expect(await page.$eval('#op-0-p', (it) => (it as HTMLInputElement).value)).toBe('1');
  await until(page, '#trouble', 'batch-size');
  expect(await page.$('#trouble img')).toBeNull();
  expect(complaints).toEqual([]);
  await page.close();
});
