import type { Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage, openStudio, press, readFigure, type Studio, text, until } from './studio.ts';

// A sample's passes through the network, and other questions about single images, as a user asks them.

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio?.close());

const cells = (page: Page, rows: string) =>
  page.$$eval(rows, (all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));
const stage = (page: Page) => text(page, '#stage-title');
const next = (page: Page) => page.$eval('#next-stage', (it) => (it as HTMLElement).click());

test('a sample is followed forward, to its loss, back to its pixels, and to the update, with consistent numbers', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(`${await studio.serve()}#dataset=digits&augment=none&epochs=1&seed=4`, page, complaints);
  expect(await text(page, '#sample')).toContain('After training, follow an image');
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  await press(page, '#follow-sample');
  await page.waitForSelector('.sample-way');
  expect(await text(page, '#sample-choice-weights')).toContain('the weights after 47 steps');
  expect(await stage(page)).toBe('Forward the image');

  // A number of the first convolution is the sum of the products shown next to it.
  await page.focus('#next-stage');
  await page.keyboard.press('ArrowRight');
  expect(await stage(page)).toBe('Forward conv2d');
  await page.waitForSelector('#unit-sum');
  const sumIs = async () => {
    const rows = (await cells(page, '.unit tbody tr')).map((row) => readFigure(row.at(-1)!));
    return [rows.reduce((a, b) => a + b), readFigure(await text(page, '#unit-sum'))] as const;
  };
  const [products, sum] = await sumIs();
  expect(await page.$$('.unit tbody tr')).toHaveLength(10);
  expect(products).toBeCloseTo(sum, 1.8);
  expect(readFigure(await text(page, '#unit-value'))).toBeCloseTo(Math.max(0, sum), 5);
  // Another one: by pointing, or by its position.
  const place = () => page.$$eval('.unit input', (all) => all.map((it) => (it as HTMLInputElement).value).join());
  const before = await place();
  await page.$eval('.stage-maps', (maps) => {
    const { left, top } = maps.getBoundingClientRect();
    maps.dispatchEvent(new MouseEvent('click', { bubbles: true, clientX: left + 3, clientY: top + 3 }));
  });
  await page.waitForFunction(
    (before) =>
      [...document.querySelectorAll('.unit input')].map((it) => (it as HTMLInputElement).value).join() !== before,
    {},
    before,
  );
  expect(await place()).toBe('0,0,0');
  await page.waitForSelector('#unit-sum');
  await page.focus('#unit-row');
  await page.keyboard.press('ArrowUp');
  await page.waitForFunction(() => (document.querySelector('#unit-row') as HTMLInputElement).value === '1');

  const seen: string[] = [];
  for (let i = 0; i < 5; i++) {
    await next(page);
    seen.push(await stage(page));
  }
  expect(seen).toEqual(
    ['max_pooling2d', 'conv2d_1', 'max_pooling2d_1', 'dense', 'dense_1'].map((it) => `Forward ${it}`),
  );

  // The loss is that of the label's probability, and the gradient of each output is its probability minus the label.
  await next(page);
  const formula = await text(page, '.stage-formula');
  expect(formula).toMatch(/^loss = −ln [\d.]+ = [\d.]+$/);
  const [, probability, loss] = /ln ([\d.]+) = ([\d.]+)/.exec(formula)!;
  expect(-Math.log(Number(probability))).toBeCloseTo(Number(loss), 1.5);
  const outputs = await cells(page, '#sample-outputs tbody tr');
  expect(outputs).toHaveLength(10);
  for (const [name, share, gradient] of outputs as [string, string, string][]) {
    const isActual = name.endsWith('(actual)');
    if (share !== '< 0.1 %') expect(readFigure(gradient)).toBeCloseTo(readFigure(share) - Number(isActual), 2);
    if (isActual) expect(readFigure(share)).toBeCloseTo(Number(probability), 2);
  }

  await next(page);
  expect(await stage(page)).toBe('Backward the gradient at dense_1');
  const rms = [];
  for (const layer of ['dense', 'max_pooling2d_1', 'conv2d_1', 'max_pooling2d', 'conv2d']) {
    await next(page);
    expect(await stage(page)).toBe(`Backward the gradient at ${layer}`);
    rms.push(readFigure(/RMS (.*?), .* of the last layer's/.exec(await text(page, '.stage-parts p'))![1]!));
  }
  expect(Math.min(...rms)).toBeGreaterThan(0);
  await page.waitForSelector('#unit-delta');
  await next(page);
  expect(await stage(page)).toBe('Backward the gradient at the image');
  await next(page);
  const update = await cells(page, '#sample-update tbody tr');
  expect(update.map(([name]) => name)).toHaveLength(8);
  // Adam changes each weight by at most about its learning rate, which the norms show.
  for (const row of update) expect(readFigure(row[4]!)).toBeGreaterThan(0);
  expect(await page.$eval('#next-stage', (it) => it.ariaDisabled)).toBe('true');

  // Each block of the network is a stage; on a phone everything fits.
  await page.$eval('.sample-blocks li:nth-child(2) button', (it) => (it as HTMLElement).click());
  expect(await stage(page)).toBe('Backward the gradient at conv2d');
  await page.setViewport({ width: 400, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
  await page.setViewport({ width: 1280, height: 960 });

  // For a selected image: the pixels that affect its prediction or another class, and its passes.
  await page.$eval('#next-image', (it) => (it as HTMLElement).click());
  await page.waitForSelector('#probabilities .best');
  await page.$eval('#show-saliency', (it) => (it as HTMLElement).click());
  const picture = async () => {
    await page.waitForSelector('.saliency-shown canvas');
    return page.$eval('.saliency-shown canvas', (canvas) => (canvas as HTMLCanvasElement).toDataURL());
  };
  const ofPrediction = await picture();
  const other = await page.$eval('#probabilities', (list) =>
    [...list.children].findIndex((it) => !it.classList.contains('best')),
  );
  await page.select('#saliency-output', String(other));
  await page.waitForFunction(
    (before) => document.querySelector<HTMLCanvasElement>('.saliency-shown canvas')?.toDataURL() !== before,
    {},
    ofPrediction,
  );
  await page.waitForSelector('#follow-asked');
  await page.$eval('#follow-asked', (it) => (it as HTMLElement).click());
  await page.waitForFunction(() => (document.querySelector('#sample-image') as HTMLInputElement).value === '1');
  expect(await stage(page)).toBe('Forward the image');

  // A step without saved weights: the panel says so, and states whose weights it shows.
  const weights = () => text(page, '#sample-choice-weights');
  expect(await weights()).toBe('Computed with the weights after 47 steps.');
  await page.$eval('.gradient-map canvas', (it) => it.scrollIntoView({ block: 'center' }));
  const { x, y, width, height } = (await (await page.$('.gradient-map canvas'))!.boundingBox())!;
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 3, y + height / 2);
  await page.mouse.up();
  await until(page, '#sample-choice-weights', 'The map and the plots show step \\d+, whose weights were not kept');

  // Normalizations, merges and other kinds of convolutions show their numbers, too.
  const layers = [
    { type: 'conv2d', filters: 4, kernelSize: 3, strides: 4, name: 'first' },
    { type: 'batchNormalization', name: 'norm' },
    { type: 'depthwiseConv2d', kernelSize: 3, padding: 'same', name: 'depthwise' },
    { type: 'add', inputs: ['norm', 'depthwise'], name: 'both' },
    { type: 'globalAveragePooling2d' },
    { type: 'dense', units: 10, activation: 'softmax' },
  ];
  await page.evaluate(
    (model) => {
      location.hash = `#dataset=digits&augment=none&epochs=1&model=${encodeURIComponent(JSON.stringify(model))}`;
    },
    { inputShape: [28, 28, 1], layers },
  );
  await page.waitForSelector('#start:enabled');
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  await page.$eval('#follow-sample', (it) => (it as HTMLElement).click());
  await page.waitForSelector('.sample-way');
  const at = async (name: string) => {
    while (!(await stage(page)).endsWith(name)) await next(page);
    await page.waitForSelector('#unit-sum');
  };
  await at(' norm');
  expect(await text(page, '.stage-parts p')).toContain('the input minus the moving mean of its map');
  const [input, mean, deviation, gamma, beta] = (await cells(page, '.unit tbody tr')).map((row) =>
    readFigure(row.at(-1)!),
  );
  expect((gamma! * (input! - mean!)) / deviation! + beta!).toBeCloseTo(readFigure(await text(page, '#unit-sum')), 1.5);
  await at(' depthwise');
  const [ofDepthwise, sumOfDepthwise] = await sumIs();
  expect(ofDepthwise).toBeCloseTo(sumOfDepthwise, 1.5);
  await at(' both');
  expect((await cells(page, '.unit tbody tr')).map(([name]) => name!.split(' ')[0])).toEqual(['norm', 'depthwise']);
  const [ofBoth, sumOfBoth] = await sumIs();
  expect(ofBoth).toBeCloseTo(sumOfBoth, 1.5);
  while ((await stage(page)) !== 'Backward the gradient at both') await next(page);
  await until(page, '.unit', 'Each of the 2 numbers gets all of it|no gradient flows back');
  expect(complaints).toEqual([]);
  await page.close();
});
