import type { Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeModels } from '../../src/index.ts';
import {
  experimentIn,
  number,
  openPage,
  openStudio,
  press,
  type Studio,
  text,
  unfoldSettings,
  until,
  untilFocused,
} from './studio.ts';

let studio: Studio;
let url: string;
let page: Page;
const complaints: string[] = [];
const layerTypes = describeModels().layers.map(({ type }) => type);
beforeAll(async () => {
  studio = await openStudio();
  url = await studio.serve();
  page = await studio.browser.newPage();
  await openPage(url, page, complaints);
});
afterAll(() => studio?.close());
/** Each test begins with the same experiment, on one page, with all settings in view. */
beforeEach(async () => {
  complaints.length = 0;
  await page.evaluate(() => {
    location.hash = '#dataset=digits';
  });
  await until(page, '#model', '53,002');
  await page.waitForSelector('#start:enabled');
  await unfoldSettings(page);
  // A layer that an earlier test opened.
  await page.$$eval('#model .layer[aria-expanded=true]', (all) => {
    for (const each of all) (each as HTMLElement).click();
  });
});
afterEach(() => expect(complaints).toEqual([]));

const type = async (selector: string, value: string) => {
  await page.$eval(selector, (it) => (it as HTMLInputElement).select());
  await page.type(selector, value);
  await page.keyboard.press('Enter');
};
const isReady = () => page.$eval('#start', (it) => !(it as HTMLButtonElement).disabled);
/** Clicks the button of a layer, by index. */
const open = async (at: number) => (await page.$$('#model .layer'))[at]!.click();

test('shapes and parameters are updated when a layer is edited; a layer that does not fit shows its error, and Train is disabled', async () => {
  expect(await text(page, '#model')).toContain('53,002');
  await open(0);
  await page.$eval('#layer-0-filters', (it) => {
    (it as HTMLInputElement).value = '8';
    it.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await until(page, '#model', '8 × 8 × 880');
  expect(JSON.parse((await experimentIn(page)).get('model') ?? '').layers[0]).toMatchObject({
    type: 'conv2d',
    filters: 8,
  });
  expect(await isReady()).toBe(true);

  await page.select('#layer-0-padding', 'valid');
  await type('#layer-0-kernelSize', '9');
  await until(page, '#layer-error', 'window of 9 x 9 is larger than its input');
  expect(await isReady()).toBe(false);
  const rows = await page.$$eval('#model tbody', (bodies) => bodies.map((body) => body.className));
  expect(rows[0]).toBe('bad');
  expect(rows.slice(1).join('')).toBe('');

  // When an element is removed or moved, the focus goes to its counterpart.
  await page.focus('[aria-label="move conv2d down"]');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('#model .layer')[1]?.textContent?.startsWith('⚠'));
  await untilFocused(page, '[aria-label="move conv2d down"]');
  // The names used in errors, including those of layers that don't fit and of the layers after them.
  expect(await page.$$eval('#model .layer', (all) => all.map((it) => it.textContent))).toEqual([
    'max_pooling2d',
    '⚠conv2d',
    'conv2d_1',
    'max_pooling2d_1',
    'flatten',
    'dense',
    'dense_1',
  ]);
  await page.focus('[aria-label="remove conv2d"]');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#start:enabled');
  await untilFocused(page, '#model *', 'conv2d');

  await page.select('#model-preset', 'tutorial');
  await page.waitForSelector('#start:enabled');
  expect(await page.$('#layer-error')).toBeNull();
  expect(await text(page, '#model')).toContain('53,002');
});

test('presets, the optimizer and its options; a link contains all of them', async () => {
  await page.select('#model-preset', 'deep-sigmoid');
  await until(page, '#model-panel', 'gradients vanish towards the input');
  expect(await page.$$('#model .layer')).toHaveLength(12);
  await page.select('#optimizer', 'sgd');
  await type('#learning-rate-number', '0.25');
  await type('#batch-size', '64');
  await type('#seed', '7');
  await type('#epochs-count', '3');
  const search = await experimentIn(page);
  expect(search.get('model')).toBe('deep-sigmoid');
  expect(JSON.parse(search.get('optimizer') ?? '')).toEqual({ type: 'sgd', learningRate: 0.25 });
  expect([search.get('batch-size'), search.get('seed'), search.get('epochs')]).toEqual(['64', '7', '3']);
  await until(page, '#place', '^3 epochs$');
  await page.reload();
  await page.waitForSelector('#start:enabled');
  expect(await page.$eval('#learning-rate-number', (it) => (it as HTMLInputElement).value)).toBe('0.25');
  expect(await page.$$('#model .layer')).toHaveLength(12);
});

test('a residual network is chosen, edited and trained', async () => {
  const names = () => page.$$eval('#model .layer', (all) => all.map((it) => it.textContent!));
  const insert = async (at: number, layer: string) => {
    const before = (await names()).length;
    if (!(await page.$(`#add-layer-${at}`))) await open(at);
    await page.waitForSelector(`#add-layer-${at}`);
    await page.select(`#add-layer-${at}`, layer);
    await page.waitForFunction((n) => document.querySelectorAll('#model .layer').length === n, {}, before + 1);
  };
  const layersOf = async () =>
    JSON.parse((await experimentIn(page)).get('model') ?? '').layers as {
      type: string;
      inputs?: (string | number)[];
    }[];

  await page.evaluate(() => {
    location.hash = '#dataset=digits&train-samples=256&test-samples=64';
  });
  await page.select('#model-preset', 'resnet8');
  await page.waitForSelector('#start:enabled');
  const preset = await names();
  expect(preset).toContain('add_2');
  expect(preset.filter((name) => name.startsWith('batch_normalization'))).toHaveLength(9);
  // Each layer type has an entry, and a new layer comes with its required options.
  const offered = async () =>
    page.$$eval('[id^=add-layer] option', (all) => all.map((it) => (it as HTMLOptionElement).value));
  await open(0);
  expect((await offered()).filter(Boolean)).toEqual(layerTypes);

  // The shortcut of the first block still begins at the same layer, although layers have moved.
  await insert(2, 'dropout');
  expect(await isReady()).toBe(true);
  const sum = preset.indexOf('add') + 1;
  expect((await layersOf())[sum]!.inputs).toEqual([-1, -7]);
  await open(sum);
  await type(`#layer-${sum}-inputs`, 'batch_normalization_2, dropout');
  await page.waitForSelector('#start:enabled');
  expect((await layersOf())[sum]!.inputs).toEqual(['batch_normalization_2', 'dropout']);
  await type(`#layer-${sum}-inputs`, 'batch_normalization_2, batch_normalization_1');
  await page.waitForSelector('#start:enabled');
  await type(`#layer-${sum}-inputs`, 'dropout, batch_normalization_1');
  await until(page, '#model-error', 'leads nowhere');
  expect(await isReady()).toBe(false);
  await type(`#layer-${sum}-inputs`, 'batch_normalization_2, dropuot');
  await until(page, '#layer-error', 'dropuot[^]*did you mean "dropout"');
  await type(`#layer-${sum}-inputs`, 'batch_normalization_2, dropout');
  await page.waitForSelector('#start:enabled');

  // A layer with two inputs begins with two that fit.
  const pool = preset.indexOf('global_average_pooling2d') + 1;
  await insert(pool - 1, 'maximum');
  await page.waitForSelector('#start:enabled');
  expect((await layersOf())[pool]!.inputs).toHaveLength(2);
  await insert(pool + 1, 'layerNormalization');
  await page.waitForSelector('#start:enabled');

  await type('#batch-size', '128');
  await type('#epochs-count', '1');
  await press(page, '#start');
  await until(page, '#status', 'Done in .* Validation accuracy');
  const rows = await page.$$eval('#gradient-map tbody th', (all) => all.map((it) => it.textContent));
  expect(rows.join()).toContain('layer_normalization');
});

test('an invalid number stays in its field with what is expected, and changes nothing until it is corrected', async () => {
  const wrong = [
    ['batch-size', '100000', '⚠ 100000: a whole number from 1 to 65536', '64'],
    ['learning-rate-number', '-1', '⚠ -1: from 0', '0.25'],
    ['epochs-count', '1.5', '⚠ 1.5: a whole number from 1 to 1000000', ''],
  ] as const;
  for (const [id, value, words, mended] of wrong) {
    const before = page.url();
    await type(`#${id}`, value);
    await until(page, `#${id}-refused`, `^${words}$`);
    const field = await page.$eval(`#${id}`, (it) => [
      (it as HTMLInputElement).value,
      it.getAttribute('aria-invalid'),
      it.getAttribute('aria-describedby'),
    ]);
    expect(field).toEqual([value, 'true', `${id}-refused`]);
    expect(page.url()).toBe(before);
    await page.$eval(`#${id}`, (it) => (it as HTMLInputElement).select());
    await page.keyboard.press('Backspace');
    await page.type(`#${id}`, mended);
    await page.keyboard.press('Enter');
    await page.waitForSelector(`#${id}-refused`, { hidden: true });
  }
  expect((await experimentIn(page)).get('batch-size')).toBe('64');
});

test('both invalid parts of a URL are reported', async () => {
  await page.evaluate(() => {
    location.hash = '#dataset=digits&batch-size=0&seed=x';
  });
  await until(page, '#page-error', 'batch-size: 0; expected: a whole number from 1 to 65536\\nseed: x; expected');
});

test('during training, the learning rate changes at once, and everything else applies to the next run', async () => {
  await page.select('#model-preset', 'five-relu');
  // Long enough to be stopped.
  await type('#epochs-count', '5000');
  await press(page, '#start');
  await until(page, '#place', 'step \\d');
  // The end of the next epoch replaces this text, possibly before it can be read once.
  await page.evaluate(() => {
    const texts: string[] = [];
    const read = () => texts.push(document.querySelector('#status')?.textContent ?? '');
    new MutationObserver(read).observe(document.body, { subtree: true, childList: true, characterData: true });
    Object.assign(window, { statusTexts: texts });
  });
  await type('#learning-rate-number', '0.005');
  await page.waitForFunction(() =>
    (window as unknown as { statusTexts: string[] }).statusTexts.some((text) =>
      text.startsWith('Learning rate 0.005 from step'),
    ),
  );
  expect(await page.$('#waiting')).toBeNull();
  await type('#batch-size', '16');
  await until(page, '#waiting', 'Changed for the next run: the batch size');
  await press(page, '#stop');
  await until(page, '#status', 'Stopped after');
});

test('a schedule is chosen, is part of the link and warns about a longer run; its rates are plotted, and the finder suggests one', async () => {
  await page.goto(`${url}#dataset=digits&augment=none&model=five-relu&train-samples=320&test-samples=100&epochs=2`);
  await page.reload();
  await page.waitForSelector('#start:enabled');
  await unfoldSettings(page);
  await page.select('#learning-rate-type', 'cosineDecay');
  const rateIn = async () => JSON.parse((await experimentIn(page)).get('optimizer') ?? '').learningRate;
  // Begins with the previous rate, over as many steps as the run has.
  await page.waitForSelector('#learning-rate-decaySteps');
  expect(await rateIn()).toEqual({ type: 'cosineDecay', initialLearningRate: 0.001, decaySteps: 20 });
  expect(await page.$('#schedule-warning')).toBeNull();
  expect(await page.$('#learning-rate-number')).toBeNull();
  await type('[aria-label="decaySteps, as a number"]', '15');
  await until(page, '#schedule-warning', 'cosineDecay ends after 15 steps, and the run has 20');
  await page.reload();
  await page.waitForSelector('#start:enabled');
  await unfoldSettings(page);
  expect((await rateIn()).decaySteps).toBe(15);
  expect(await page.$('#rate')).toBeNull();
  await press(page, '#start');
  await until(page, '#status', '^Done in');
  await until(page, '#rate', 'Learning rate');
  await until(page, '#rate .legend', '0');

  await press(page, '#rate-finder summary');
  await press(page, '#find-rate');
  await until(page, '#rate-finder .facts', 'The loss falls fastest at a learning rate of|No suggestion');
  expect(await page.$('#rate-finder svg polyline')).not.toBeNull();
  const suggested = await page.$('#use-rate');
  if (suggested) {
    const rate = await number(page, '#use-rate');
    await press(page, '#use-rate');
    await page.waitForFunction(() => new URL(location.href).hash.includes('initialLearningRate'));
    expect(await rateIn()).toMatchObject({ type: 'cosineDecay', initialLearningRate: rate });
  }
});
