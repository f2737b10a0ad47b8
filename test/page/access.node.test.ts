import axe from 'axe-core';
import type { Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openPage, openStudio, type Studio, until, untilEpoch } from './studio.ts';

let studio: Studio;
let page: Page;
const complaints: string[] = [];
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio?.close());
beforeEach(async () => {
  page = await studio.browser.newPage();
  complaints.length = 0;
});
afterEach(async () => {
  expect(complaints).toEqual([]);
  await page.close();
});

/** What axe-core finds serious or worse in the page as it stands: in light and dark, on a desk and on a phone. */
async function barriers(): Promise<string[]> {
  const found: string[] = [];
  for (const width of [400, 1280]) {
    await page.setViewport({ width, height: 960 });
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      const { violations, passes } = await page.evaluate(() =>
        (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ['violations'] }),
      );
      expect(passes.length).toBeGreaterThan(10);
      for (const { id, impact, nodes } of violations) {
        if (impact !== 'serious' && impact !== 'critical') continue;
        found.push(...nodes.map(({ html, failureSummary }) => `${width} ${scheme} ${id}: ${html}\n${failureSummary}`));
      }
    }
  }
  return found;
}

async function open(address: string): Promise<void> {
  await openPage(`${await studio.serve()}${address}`, page, complaints);
  await page.evaluate(axe.source);
}

test('nothing is in the way at the first visit, in a run, and after it with everything open', async () => {
  await open('#dataset=digits&epochs=200&train-samples=320');
  await page.waitForSelector('.draws button');
  expect(await barriers()).toEqual([]);

  await page.click('#start');
  await untilEpoch(page, 2);
  await page.click('#look');
  await page.waitForSelector('#results canvas');
  expect(await barriers()).toEqual([]);
  await page.click('#stop');
  await until(page, '#status', 'Stopped after');

  await page.$eval('.mistakes button', (it) => (it as HTMLButtonElement).click());
  await page.waitForSelector('.outputs canvas');
  await page.click('#time');
  await page.waitForSelector('.dispatches');
  await page.focus('#gradient-map .badge');
  await page.$$eval('details', (all) => {
    for (const each of all) each.open = true;
  });
  await page.click('#model .layer');
  expect(await barriers()).toEqual([]);
});

test('nor beside twins, with a list of ops, a layer that does not fit, or an address that says nonsense', async () => {
  const ops = encodeURIComponent(JSON.stringify([{ type: 'randomAffine', degrees: 10 }, { type: 'randomErasing' }]));
  await open(`#dataset=digits&model=five-relu&epochs=1&train-samples=64&augment=${ops}`);
  await page.click('#train-beside');
  await page.waitForSelector('#twins-outcome');
  await page.evaluate(() => {
    location.hash =
      '#dataset=digits&seed=none&model={"layers":[{"type":"conv2d","filters":4,"kernelSize":11},{"type":"flatten"}]}';
  });
  await page.waitForSelector('#layer-error');
  await page.waitForSelector('#trouble h2');
  expect(await barriers()).toEqual([]);
});

test('nor where there is no WebGPU', async () => {
  await page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined }));
  await open('');
  expect(await barriers()).toEqual([]);
});
