import axe from 'axe-core';
import type { Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openPage, openStudio, point, type Studio, text, until } from './studio.ts';

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

const row = (layer: number) => `#gradient-map tbody tr:nth-child(${layer})`;

/** Trains until a layer has a verdict, and stops. */
async function judged(model: string, layer: number, verdict: string): Promise<void> {
  await openPage(`${await studio.serve()}#dataset=digits&epochs=500&model=${model}`, page, complaints);
  await page.click('#start');
  await until(page, `${row(layer)} .badge`, verdict);
  await page.click('#stop');
  await until(page, '#status', 'Stopped after');
}

/** Colours of a layer's row, from the first step to the last, each once. */
const colors = (layer: number): Promise<string[]> =>
  page.$eval(`${row(layer)} canvas`, (it) => {
    const canvas = it as HTMLCanvasElement;
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const found = new Set<string>();
    for (let i = 0; i < data.length; i += 4) if (data[i + 3]) found.add(data.slice(i, i + 3).join(' '));
    return [...found];
  });

/** Pictures are painted when their turn has come, out of sight within a second. */
const soon = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 60_000, interval: 100 });

/** Relative luminance, 0 to 1: what is left of a colour in grey. */
function lightness(color: string): number {
  const [red, green, blue] = color.split(' ').map((it) => (Number(it) / 255) ** 2.2) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test('gradients that vanish are dark towards the input, are said to, and why, to mouse and keyboard', async () => {
  await judged('deep-sigmoid', 1, 'vanishing');
  expect(await page.$$eval('#gradient-map tbody tr', (rows) => rows.length)).toBe(11);
  // An icon and a word, not only a colour.
  expect(await text(page, `${row(1)} .badge`)).toBe('vanishing');
  expect(await page.$(`${row(1)} .badge svg path`)).not.toBeNull();
  expect(await text(page, `${row(11)} .badge`)).toBe('healthy');
  const lightest = await Promise.all(
    [1, 3, 5, 7, 9, 11].map(async (it) => Math.max(...(await colors(it)).map(lightness))),
  );
  for (let i = 1; i < lightest.length; i++) expect(lightest[i]).toBeGreaterThan(lightest[i - 1]!);

  // Pointing at a place gives step and norm of each layer there.
  const latest = await text(page, `${row(1)} .norm`);
  expect(latest).toMatch(/e-[678]$/);
  await point(page, `${row(1)} .strip`, 1);
  await until(page, '#gradient-map .at', '^step [1-9]$');
  expect(await text(page, `${row(1)} .norm`)).not.toBe(latest);
  expect(Number(await text(page, `${row(11)} .norm`))).toBeGreaterThan(
    1000 * Number(await text(page, `${row(1)} .norm`)),
  );
  await page.mouse.move(0, 0);
  await until(page, `${row(1)} .norm`, `^${latest}$`);

  // The reason, and what helps.
  const reason = `${row(1)} .reason`;
  const isShown = () => page.$eval(reason, (it) => !(it as HTMLElement).hidden);
  expect(await isShown()).toBe(false);
  await page.hover(`${row(1)} .badge`);
  await page.waitForSelector(`${reason}:not([hidden])`);
  expect(await text(page, reason)).toMatch(
    /the gradient at dense is \S+ times that at dense_10.*What usually helps: relu/,
  );
  await page.mouse.move(0, 0);
  await page.waitForSelector(`${reason}[hidden]`);
  await page.focus(`${row(1)} .badge`);
  await page.waitForSelector(`${reason}:not([hidden])`);
  const described = await page.$eval(`${row(1)} .badge`, (it) => it.getAttribute('aria-describedby'));
  expect(await page.$eval(reason, (it) => it.id)).toBe(described);
  await page.keyboard.press('Escape');
  await page.waitForSelector(`${reason}[hidden]`);

  // A layer by keyboard, and steps by the arrows. The first that isn't well is looked at unasked.
  expect(await text(page, '#layer-detail-title')).toBe('densevanishing');
  await page.focus(`${row(11)} th button`);
  await page.keyboard.press('Enter');
  expect(await text(page, '#layer-detail-title')).toBe('dense_10healthy');
  const at = await text(page, '#gradient-map .at');
  await page.keyboard.press('ArrowLeft');
  const before = Number(at.replace(/\D/g, '')) - 1;
  expect(await text(page, '#gradient-map .at')).toBe(`step ${before}`);
  // The last layer has none behind it; one of sigmoids has no units that die.
  const plots = () => page.$$eval('#layer-detail .plot', (sections) => sections.map(({ id }) => id));
  expect(await plots()).toEqual(['layer-norm', 'layer-updateRatio']);
  await page.click(`${row(4)} th button`);
  expect(await plots()).toEqual(['layer-norm', 'layer-updateRatio', 'layer-transport']);
  const transport = Number(await text(page, '#layer-transport .legend li:last-child .value'));
  expect(transport).toBeGreaterThan(0.15);
  expect(transport).toBeLessThan(0.3);
  const ratio = Number(await text(page, '#layer-updateRatio .legend li:last-child .value'));
  expect(ratio).toBeGreaterThan(0);

  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run('#gradients'),
  );
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);

  // On a phone all of it is within the screen.
  await page.setViewport({ width: 400, height: 800 });
  await page.focus(`${row(2)} .badge`);
  const box = await page.$eval(`${row(2)} .reason`, (it) => {
    const { left, right } = it.getBoundingClientRect();
    return { left, right };
  });
  expect(box.left).toBeGreaterThanOrEqual(0);
  expect(box.right).toBeLessThanOrEqual(400);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
});

test('gradients that explode are light towards the input, in what arrives of them', async () => {
  await judged('exploding-relu', 1, 'exploding');
  await page.select('#gradient-map-colour', 'reach');
  await until(page, '#gradient-map caption', 'What arrives');
  expect(Number(await text(page, `${row(1)} .norm`))).toBeGreaterThan(30);
  expect(await text(page, `${row(11)} .norm`)).toBe('1');
  await soon(async () => {
    const lightest = await Promise.all([11, 6, 1].map(async (it) => Math.max(...(await colors(it)).map(lightness))));
    expect(lightest[1]).toBeGreaterThan(lightest[0]!);
    expect(lightest[2]).toBeGreaterThan(lightest[1]!);
  });
  expect(await text(page, `${row(1)} .reason`)).toMatch(/initial weights at the scale of the activation/);
});

test('a dead layer has the pattern of zeros, and all its units', async () => {
  await judged('dead-relu', 1, 'dead');
  expect((await colors(1)).sort()).toEqual(['120 120 120', '235 235 235']);
  expect((await colors(2)).length).toBeGreaterThan(2);
  expect(await text(page, `${row(1)} .norm`)).toBe('0');
  expect(await text(page, '#layer-detail .facts')).toContain('64 of the 64 units');
  await until(page, '#layer-dead .legend li:last-child', 'smoothed1$');
});

test('probes show how the magnitudes of a gradient lie: low where it vanishes', async () => {
  await openPage(`${await studio.serve()}#dataset=digits&epochs=500&model=deep-sigmoid`, page, complaints);
  expect(await text(page, '#exponents')).toContain('It takes the time of about six steps');
  await page.click('#probes');
  await page.waitForFunction(() => location.hash.includes('health=full'));
  await page.click('#start');
  await page.waitForSelector('#exponents canvas');
  await until(page, '#exponents-at', '^Step ([2-9]\\d|\\d{3})');
  await page.click('#probes');
  await until(page, '#waiting', 'the probes');
  await page.click('#stop');
  await until(page, '#status', 'Stopped after');
  /** Rows of the picture that have a colour, from the top: 64, the largest magnitudes first. */
  const rows = () =>
    page.$eval('#exponents canvas', (it) => {
      const { height } = it as HTMLCanvasElement;
      const copy = new OffscreenCanvas(1, height);
      const context = copy.getContext('2d') as OffscreenCanvasRenderingContext2D;
      context.drawImage(it as HTMLCanvasElement, 0, 0);
      const { data } = context.getImageData(0, 0, 1, height);
      return [...Array(height).keys()].filter((y) => data[4 * y + 3]);
    });
  const half = async () => Number(/below (\S+);/.exec(await text(page, '#exponents-at'))?.[1]);
  await page.click(`${row(1)} th button`);
  const firstHalf = await half();
  await soon(async () => {
    const first = await rows();
    expect(first.length).toBeGreaterThan(5);
    expect(first[0]).toBeGreaterThan(30);
  });
  await page.click(`${row(11)} th button`);
  const lastHalf = await half();
  await soon(async () => expect((await rows())[0]).toBeLessThan(20));
  expect(firstHalf * 2 ** 10).toBeLessThan(lastHalf);
  expect(lastHalf).toBeLessThan(1);
});
