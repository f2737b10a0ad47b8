import axe from 'axe-core';
import type { Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { thresholds } from '../../src/health/thresholds.ts';
import { number, openPage, openStudio, point, press, readFigure, type Studio, text, until } from './studio.ts';

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
  await openPage(`${await studio.serve()}#dataset=digits&augment=none&epochs=500&model=${model}`, page, complaints);
  await press(page, '#start');
  await until(page, `${row(layer)} .badge`, verdict);
  await press(page, '#stop');
  await until(page, '#status', 'Stopped after');
}

/** The distinct colors of a layer's row, from the first step to the last. */
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

/** Difference between red and blue of a color. */
function warmth(color: string): number {
  const [red, , blue] = color.split(' ').map(Number) as [number, number, number];
  return red - blue;
}

/** The sentence about the selected layer, and the figures that the plots and the map show for it. */
const sayings = async (page: Page) => {
  const reason = await text(page, '#layer-detail .facts');
  const [, moved = ''] = /weights by ([\d.]+(?: × 10\S+)?(?: %)?)/.exec(reason) ?? [];
  return {
    at: await text(page, '#gradient-map .at'),
    places: await page.$$eval('#gradients .plot .at', (all) => [...new Set(all.map((it) => it.textContent))]),
    step: `step ${/At step ([\d,]+),\s/.exec(reason)?.[1]}`,
    moved: readFigure(moved),
    plotted: await number(page, '#layer-updateRatio .legend li:first-child .value'),
  };
};

/** The sentence, the map and the plots must refer to the same step and agree. */
async function expectAgreement(page: Page): Promise<{ at: string; moved: number }> {
  const { at, places, step, moved, plotted } = await sayings(page);
  expect(places).toEqual([at]);
  expect(step).toBe(at);
  expect(Math.abs(moved / plotted - 1)).toBeLessThan(0.06); // Two digits.
  return { at, moved };
}

/** Pictures are painted asynchronously, off screen within a second. */
const soon = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 60_000, interval: 100 });

/** Relative luminance, 0 to 1: the brightness of a color in grey. */
function lightness(color: string): number {
  const [red, green, blue] = color.split(' ').map((it) => (Number(it) / 255) ** 2.2) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test('vanishing gradients are dark towards the input, with a verdict and its reason, for mouse and keyboard', async () => {
  await judged('deep-sigmoid', 1, 'vanishing');
  expect(await page.$$eval('#gradient-map tbody tr', (rows) => rows.length)).toBe(11);
  // The map shows the figure that verdicts are about by default, with the threshold at which they begin.
  expect(await page.$eval('#gradient-map-color', (it) => (it as HTMLSelectElement).value)).toBe('reach');
  expect(await text(page, '#gradient-map caption')).toContain('Relative gradient');
  const { vanishingReach, explodingReach } = thresholds;
  const marks = await page.$$eval('.relative-scale .threshold', (all) =>
    all.map((it) => {
      const ramp = it.parentElement!.getBoundingClientRect();
      const { left, width } = it.getBoundingClientRect();
      return { text: it.textContent, place: (left + width / 2 - ramp.left) / ramp.width };
    }),
  );
  expect(marks.map((mark) => mark.text)).toEqual([vanishingReach.enter, explodingReach.enter].map(String));
  expect(marks[0]!.place).toBeCloseTo(0.25, 1);
  expect(marks[1]!.place).toBeCloseTo(0.75, 1);
  // An icon and a word, not only a color.
  expect(await text(page, `${row(1)} .badge`)).toBe('vanishing');
  expect(await page.$(`${row(1)} .badge svg path`)).not.toBeNull();
  expect(await text(page, `${row(11)} .badge`)).toBe('healthy');
  const lightest = await Promise.all(
    [1, 3, 5, 7, 9, 11].map(async (it) => Math.max(...(await colors(it)).map(lightness))),
  );
  for (let i = 1; i < lightest.length; i++) expect(lightest[i]).toBeGreaterThan(lightest[i - 1]!);
  // The last layer has its full gradient: neither vanishing nor exploding.
  for (const color of await colors(11)) expect(Math.abs(warmth(color))).toBeLessThan(12);
  for (const color of await colors(1)) expect(warmth(color)).toBeLessThan(-40);

  // Pointing at a step shows the step and the norm of each layer.
  const latest = await text(page, `${row(1)} .norm`);
  expect(latest).toMatch(/ × 10⁻[⁶⁷⁸]$/);
  await point(page, `${row(1)} .strip`, 1);
  await until(page, '#gradient-map .at', '^step [1-9]$');
  expect(await text(page, `${row(1)} .norm`)).not.toBe(latest);
  expect(await number(page, `${row(11)} .norm`)).toBeGreaterThan(1000 * (await number(page, `${row(1)} .norm`)));
  // All figures are of that step; the sentence says since when the verdict has held.
  const early = await expectAgreement(page);
  expect(await text(page, '#layer-detail .facts')).toMatch(
    /^Vanishing since step 1\. At step [1-9], only \S+ × 10⁻[⁶⁷] of/,
  );
  await page.mouse.move(0, 0);
  await until(page, `${row(1)} .norm`, `^${latest}$`);
  const late = await expectAgreement(page);
  expect(late.at).not.toBe(early.at);
  // How far the two are apart depends on when the run was stopped, but they always differ.
  expect(late.moved).not.toBe(early.moved);
  // Pointing at a plot works, too.
  await point(page, '#norms .u-over', 4);
  await until(page, '#gradient-map .at', '^step \\d{1,2}$');
  await expectAgreement(page);
  expect(await text(page, `${row(1)} .norm`)).not.toBe(latest);
  await page.mouse.move(0, 0);
  await until(page, `${row(1)} .norm`, `^${latest}$`);

  // The reason, and the remedy.
  const reason = `${row(1)} .reason`;
  const isShown = () => page.$eval(reason, (it) => !(it as HTMLElement).hidden);
  expect(await isShown()).toBe(false);
  await page.hover(`${row(1)} .badge`);
  await page.waitForSelector(`${reason}:not([hidden])`);
  expect(await text(page, reason)).toMatch(
    /Vanishing since step 1\..*only .+? of the last layer's gradient reaches dense.*What usually helps: relu/,
  );
  await page.mouse.move(0, 0);
  await page.waitForSelector(`${reason}[hidden]`);
  await page.focus(`${row(1)} .badge`);
  await page.waitForSelector(`${reason}:not([hidden])`);
  const described = await page.$eval(`${row(1)} .badge`, (it) => it.getAttribute('aria-describedby'));
  expect(await page.$eval(reason, (it) => it.id)).toBe(described);
  await page.keyboard.press('Escape');
  await page.waitForSelector(`${reason}[hidden]`);

  // Layers and steps can be selected by keyboard. The first unhealthy layer is selected by default.
  expect(await text(page, '#layer-detail-title')).toBe('densevanishing');
  await page.focus(`${row(11)} th button`);
  await page.keyboard.press('Enter');
  expect(await text(page, '#layer-detail-title')).toBe('dense_10healthy');
  const at = await text(page, '#gradient-map .at');
  await page.keyboard.press('ArrowLeft');
  const before = Number(at.replace(/\D/g, '')) - 1;
  expect(await text(page, '#gradient-map .at')).toBe(`step ${before}`);
  // The last layer has no next layer; a sigmoid layer has no units that die.
  const plots = () => page.$$eval('#layer-detail .plot', (sections) => sections.map(({ id }) => id));
  expect(await plots()).toEqual(['layer-norm', 'layer-updateRatio']);
  await press(page, `${row(4)} th button`);
  expect(await plots()).toEqual(['layer-norm', 'layer-updateRatio', 'layer-transport']);
  const transport = await number(page, '#layer-transport .legend li:last-child .value');
  expect(transport).toBeGreaterThan(0.15);
  expect(transport).toBeLessThan(0.3);
  const ratio = await number(page, '#layer-updateRatio .legend li:last-child .value');
  expect(ratio).toBeGreaterThan(0);

  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run('#gradients'),
  );
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);

  // On a phone everything fits on the screen.
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

test('exploding gradients are shown by default, in light and in dark mode; norms are an option', async () => {
  await judged('exploding-relu', 1, 'exploding');
  expect(await number(page, `${row(1)} .norm`)).toBeGreaterThan(5);
  expect(await text(page, `${row(11)} .norm`)).toBe('1');
  const warmest = async (layer: number) => Math.max(...(await colors(layer)).map(warmth));
  let day = '';
  await soon(async () => {
    expect(await warmest(1)).toBeGreaterThan(120);
    expect(await warmest(11)).toBeLessThan(12);
    expect(await warmest(5)).toBeGreaterThan(await warmest(11));
    day = (await colors(11))[0]!;
  });
  expect(await text(page, `${row(1)} .reason`)).toMatch(
    /^Exploding since step \d+\. At step .* the gradient at dense is \S+ times the last layer's.*initial weights at the scale/,
  );
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'dark' }]);
  await soon(async () => {
    expect(lightness((await colors(11))[0]!)).toBeLessThan(0.2 * lightness(day));
    expect(await warmest(1)).toBeGreaterThan(120);
  });
  await page.select('#gradient-map-color', 'norm');
  await until(page, '#gradient-map caption', 'Gradient norm');
  expect(await page.$('.relative-scale')).toBeNull();
  expect(await number(page, `${row(11)} .norm`)).toBeGreaterThan(5);
});

test('a dead layer has the pattern for zeros and only dead units; without health there are norms', async () => {
  await judged('dead-relu', 1, 'dead');
  expect((await colors(1)).sort()).toEqual(['120 120 120', '235 235 235']);
  expect(await colors(2)).toHaveLength(1);
  expect(await text(page, `${row(1)} .norm`)).toBe('0');
  expect(await text(page, '#layer-detail .facts')).toMatch(
    /^Dead since step 1\. At step \d+, 64 of the 64 units of dense .* 100 % of its outputs are zero\./,
  );
  await until(page, '#layer-dead .legend li:last-child', 'smoothed100.0 %$');

  await page.evaluate(() => {
    location.hash = '#dataset=digits&model=five-relu&epochs=1&train-samples=64&test-samples=32&health=off';
  });
  await page.waitForSelector('#start:enabled');
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  expect(await text(page, '#gradient-map caption')).toContain('Gradient norm');
  expect(await number(page, `${row(1)} .norm`)).toBeGreaterThan(0);
});

test("probes show the distribution of a gradient's magnitudes, which is low if it vanishes", async () => {
  await openPage(`${await studio.serve()}#dataset=digits&augment=none&epochs=500&model=deep-sigmoid`, page, complaints);
  await page.$eval('#norms', (plot) => plot.scrollIntoView());
  await page.waitForSelector('#exponents');
  expect(await text(page, '#exponents')).toContain('It takes the time of about six steps');
  await press(page, '#probes');
  await page.waitForFunction(() => location.hash.includes('health=full'));
  await press(page, '#start');
  await page.waitForSelector('#exponents canvas');
  await until(page, '#exponents-at', '^Step ([2-9]\\d|\\d{3})');
  await press(page, '#probes');
  await until(page, '#waiting', 'the probes');
  await press(page, '#stop');
  await until(page, '#status', 'Stopped after');
  /** Rows of the picture that have a color, from the top: 64, the largest magnitudes first. */
  const rows = () =>
    page.$eval('#exponents canvas', (it) => {
      const { height } = it as HTMLCanvasElement;
      const copy = new OffscreenCanvas(1, height);
      const context = copy.getContext('2d') as OffscreenCanvasRenderingContext2D;
      context.drawImage(it as HTMLCanvasElement, 0, 0);
      const { data } = context.getImageData(0, 0, 1, height);
      return [...Array(height).keys()].filter((y) => data[4 * y + 3]);
    });
  const half = async () => readFigure(/below (.*?);/.exec(await text(page, '#exponents-at'))?.[1] ?? '');
  await press(page, `${row(1)} th button`);
  const firstHalf = await half();
  await soon(async () => {
    const first = await rows();
    expect(first.length).toBeGreaterThan(5);
    expect(first[0]).toBeGreaterThan(30);
  });
  await press(page, `${row(11)} th button`);
  const lastHalf = await half();
  await soon(async () => expect((await rows())[0]).toBeLessThan(20));
  expect(firstHalf * 2 ** 10).toBeLessThan(lastHalf);
  expect(lastHalf).toBeLessThan(1);
});
