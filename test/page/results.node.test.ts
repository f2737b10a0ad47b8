import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseSafetensors } from '../../src/formats/safetensors.ts';
import { type ChromeTrace, conv2d, dense, flatten, formatRun, type Model } from '../../src/index.ts';
import { compileModel } from '../../src/model/graph.ts';
import { initialWeights } from '../../src/model/initial_weights.ts';
import {
  downloaded,
  downloadInto,
  experimentIn,
  openPage,
  openStudio,
  press,
  readFigure,
  type Studio,
  text,
  until,
  untilEpoch,
  upload,
} from './studio.ts';

// The results of a run, as a user reads, operates and draws them.

const downloads = mkdtempSync(join(tmpdir(), 'wgrad-downloads-'));
let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(async () => {
  await studio?.close();
  rmSync(downloads, { recursive: true, force: true });
});

/** The exact values of the bars. */
const probabilities = (page: Page): Promise<number[]> =>
  page.$$eval('#probabilities meter', (bars) => bars.map((bar) => (bar as HTMLMeterElement).value));

/** A one: a stroke from top to bottom, by mouse. */
async function drawOne(page: Page): Promise<void> {
  await page.$eval('#pad', (pad) => pad.scrollIntoView({ block: 'center' }));
  const { x, y, width, height } = (await (await page.$('#pad'))!.boundingBox())!;
  await page.mouse.move(x + 0.5 * width, y + 0.15 * height);
  await page.mouse.down();
  await page.mouse.move(x + 0.48 * width, y + 0.5 * height, { steps: 4 });
  await page.mouse.move(x + 0.46 * width, y + 0.85 * height, { steps: 4 });
  await page.mouse.up();
}

/** Waits until the last question has a stable answer. */
async function answered(page: Page): Promise<number[]> {
  await page.waitForSelector('#probabilities .best');
  for (let before = '', now = ' '; ; before = now) {
    now = (await probabilities(page)).join();
    if (now === before) return now.split(',').map(Number);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

test('a drawing, a saved run, a reload: the predictions have the same bits', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const url = await studio.serve();
  await openPage(`${url}#dataset=digits&augment=none&epochs=3&seed=4`, page, complaints);
  await downloadInto(page, downloads);
  expect(await page.$('#pad')).toBeNull();
  await press(page, '#start');
  await until(page, '#status', 'Done in');

  // At the end of the run the results appear.
  await until(page, '#results .facts', '297 validation images after 141 steps: accuracy \\d\\d\\.\\d %');
  const accuracy = /accuracy (\d+\.\d %)/.exec(await text(page, '#results .facts'))![1]!;
  expect(await text(page, '#validation-accuracy-now')).toBe(accuracy);
  expect(readFigure(accuracy)).toBeGreaterThan(0.6);
  const cells = await page.$$eval('.confusion tbody tr', (rows) =>
    rows.map((row) => [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent!.replace('·', '0')))),
  );
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  expect(sum(cells.map(sum))).toBe(297);
  expect(`${((100 * sum(cells.map((row, label) => row[label]!))) / 297).toFixed(1)} %`).toBe(accuracy);
  expect(await page.$$('.mistakes canvas')).not.toHaveLength(0);
  expect(await text(page, '#results')).toContain('32 kernels of 3 × 3');
  expect(await page.$$eval('.kernel-tiles li', (all) => all.map((it) => it.textContent).slice(0, 3))).toEqual([
    '0',
    '1',
    '2',
  ]);
  // Each cell of the matrix leads to the images that it counts.
  const wrong = cells.flatMap((row, actual) => row.map((images, predicted) => ({ images, actual, predicted })));
  const most = wrong.filter((it) => it.actual !== it.predicted).sort((a, b) => b.images - a.images)[0]!;
  await press(page, `.confusion tbody tr:nth-child(${most.actual + 1}) td:nth-of-type(${most.predicted + 1}) button`);
  await page.waitForSelector('#cell .mistakes canvas');
  expect(await text(page, '#cell-title')).toMatch(
    new RegExp(`^Actual ${most.actual}, predicted ${most.predicted}: ${most.images} image`),
  );
  expect(await page.$$('#cell .mistakes li')).toHaveLength(most.images);

  // A mistake, selected by keyboard, is an incorrect prediction.
  const mistake = '[aria-labelledby=mistakes-title]';
  await page.focus(`${mistake} button`);
  const [is, said] = await page.$$eval(`${mistake} li:first-child span`, (all) => all.map((it) => it.textContent));
  await page.keyboard.press('Enter');
  await until(page, '#try .asked', `It is ${is?.replace('actual ', '')}\\.`);
  await answered(page);
  expect(await text(page, '#try .asked strong')).toMatch(new RegExp(`^${said?.replace('predicted ', '')}, `));

  // A drawing is classified while it is being drawn.
  await drawOne(page);
  const drawn = await answered(page);
  expect(sum(drawn)).toBeCloseTo(1, 5);
  expect(await text(page, '#try .asked')).toContain('Left: what the network sees.');
  expect(await page.$$eval('.outputs strong', (all) => all.map((it) => it.textContent))).toEqual([
    'max_pooling2d',
    'max_pooling2d_1',
    'dense',
    'dense_1',
  ]);

  const image = async () => {
    await page.$eval('#test-image', (it) => {
      (it as HTMLInputElement).value = '7';
    });
    await page.focus('#test-image');
    await page.keyboard.press('ArrowUp');
    await until(page, '#try .asked', 'It is \\d');
    return answered(page);
  };
  const chosen = await image();
  expect(chosen).not.toEqual(drawn);

  await page.select('#export', 'safetensors');
  const exported = readFileSync(await downloaded(downloads, '.safetensors'));
  expect(parseSafetensors(exported)).toMatchObject({ rescale: 1 / 255, classNames: expect.arrayContaining(['7']) });

  await page.select('#export', 'csv');
  const table = readFileSync(await downloaded(downloads, '.csv'), 'utf8')
    .trim()
    .split('\n');
  expect(table[0]).toMatch(
    /^step,epoch,loss,accuracy,learningRate,conv2d\.gradientNorm,.*validationLoss,validationAccuracy$/,
  );
  expect(table[0]).toContain(',dense.reach,');
  const figures = table.slice(1).map((line) => line.split(','));
  expect(figures.map(([step]) => step)).toEqual(Array.from({ length: 141 }, (_, i) => String(i + 1)));
  // The validation is in the row of an epoch's last step.
  expect(figures.flatMap((row) => (row.at(-1) ? [row[0]] : []))).toEqual(['47', '94', '141']);
  await page.select('#export', 'png');
  const { width, height } = decode(readFileSync(await downloaded(downloads, '.png')));
  expect(width).toBeGreaterThan(600);
  expect(height).toBeGreaterThan(600);

  await press(page, '#save');
  const file = await downloaded(downloads, '.wgrad');
  expect(file).toContain('digits-141-steps');
  await page.goto('about:blank');
  await openPage(url, page, complaints);
  expect(await page.$('#pad')).toBeNull();
  await upload(page, '#open-run', file);
  await until(page, '#status', 'Loaded digits-141-steps\\.wgrad: 141 steps on digits');
  expect((await experimentIn(page)).get('seed')).toBe('4');
  await until(page, '#results .facts', `accuracy ${accuracy.replace('.', '\\.')}`);
  expect(await page.$$eval('#epochs tbody tr', (rows) => rows.length)).toBe(3);
  expect(await image()).toEqual(chosen);
  await drawOne(page);
  await until(page, '#try .asked', 'Left: what the network sees');
  expect(await answered(page)).toEqual(drawn);

  // On a phone all classes are visible; if the table is too wide, the rest is indicated next to the row names.
  for (const width of [400, 320]) {
    await page.setViewport({ width, height: 800 });
    const beyond = await page.$eval('.matrix .scroll', ({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    expect(beyond).toBe(0);
    await until(page, '#epochs-panel .scroll-hint', 'Scroll sideways');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  }
  const rowName = await page.$eval('#epochs-panel .scroll', (scroll) => {
    scroll.scrollLeft = 1e6;
    return scroll.querySelector('tbody th')!.getBoundingClientRect().left - scroll.getBoundingClientRect().left;
  });
  expect(rowName).toBe(0);
  await page.waitForFunction(() => !document.querySelector('#epochs-panel .scroll-hint'));
  await page.setViewport({ width: 1280, height: 960 });

  // A file that is not a run is rejected with a message.
  await upload(page, '#open-run', new URL('../../package.json', import.meta.url).pathname);
  await until(page, '#page-error', 'package.json is not a run saved by wgrad');
  expect(complaints).toEqual([]);
  await page.close();
});

/** The table of epochs, without the columns of speed. */
const epochRows = (page: Page) =>
  page.$$eval('#epochs tbody tr', (rows) =>
    rows.map((row) => [...row.children].slice(0, -2).map((cell) => cell.textContent)),
  );

test('a run that is stopped mid-epoch, saved, loaded and resumed ends like an uninterrupted one', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const url = await studio.serve();
  const address = (epochs: number) =>
    `${url}#dataset=digits&model=five-relu&seed=4&batch-size=32&health=full&epochs=${epochs}&train-samples=400&test-samples=100`;
  await openPage(address(5), page, complaints);
  await downloadInto(page, downloads);
  const answerTo = async (button: string) => {
    await page.$eval(button, (it) => (it as HTMLElement).click());
    return answered(page);
  };
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  const undisturbed = { epochs: await epochRows(page), says: await answerTo('#next-image') };
  expect(undisturbed.epochs).toHaveLength(5);
  expect(await page.$('#resume-run')).toBeNull();

  // The samples with the largest gradients in the last probe are shown with their pictures; one of them is selected.
  await until(page, '#largest-gradients', 'in the batch of step 61');
  expect(await page.$$('#largest-gradients canvas')).toHaveLength(8);
  await page.$eval('#largest-gradients button', (it) => (it as HTMLElement).click());
  await page.waitForSelector('#try .asked canvas[aria-label^="training image"]');
  const label = await text(page, '#largest-gradients .name');
  await until(page, '#try .asked', `It is ${label}\\.`);

  await page.goto('about:blank');
  await openPage(address(4), page, complaints);
  for (let steps = 1; steps <= 16; steps++) {
    await press(page, '#step');
    await until(page, '#status', `Paused after ${steps} steps?\\.`);
  }
  await press(page, '#stop');
  await until(page, '.resume', 'from step 3 of 13 of epoch 2, to the end of epoch 4');
  const shownOf = async () => ({
    rows: await epochRows(page),
    verdicts: await page.$$eval('#map-panel .badge, #gradients .badge', (all) => all.map((it) => it.textContent)),
    reason: await text(page, '#layer-detail .facts'),
    ratio: await text(page, '#layer-updateRatio .legend'),
    exponents: await text(page, '#exponents-at'),
    accuracy: await text(page, '#validation-accuracy-now'),
  });
  const before = await shownOf();
  expect(before.rows).toHaveLength(2);
  expect(before.verdicts.length).toBeGreaterThan(0);
  expect(before.ratio).toMatch(/\d/);
  await press(page, '#save');
  const file = await downloaded(downloads, '16-steps.wgrad');
  await page.goto('about:blank');
  await openPage(url, page, complaints);
  await upload(page, '#open-run', file);
  await page.waitForSelector('#resume-run');
  expect(await shownOf()).toEqual(before);

  await press(page, '#resume-run');
  await until(page, '#status', 'Done in');
  expect(await epochRows(page)).toEqual(undisturbed.epochs.slice(0, 4));
  await page.waitForSelector('#train-more');
  // Another experiment is set up by now: the run that resumes, and the one shown, is still the previous one, and the page says so.
  expect(await page.$('#waiting, #began-with')).toBeNull();
  const reseed = async (seed: string) => {
    await press(page, '#seed', { count: 3 });
    await page.type('#seed', seed);
    await page.keyboard.press('Tab');
  };
  await reseed('5');
  await until(page, '#waiting', 'Changed since: the seed\\. Plots and results show the last run');
  expect(await text(page, '#began-with')).toMatch(/the experiment it began with: Digits, /);
  await reseed('4');
  await page.waitForFunction(() => !document.querySelector('#waiting, #began-with'));
  await page.$eval('#more-epochs', (it) => {
    (it as HTMLInputElement).value = '1';
    it.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await press(page, '#train-more');
  await until(page, '#status', 'Done in');
  expect(await text(page, '#place')).toContain('epoch 5 of 5');
  expect(await epochRows(page)).toEqual(undisturbed.epochs);
  expect((await experimentIn(page)).get('epochs')).toBe('5');
  expect(await answerTo('#next-image')).toEqual(undisturbed.says);
  expect(complaints).toEqual([]);
  await page.close();
});

test('a run whose URL enables early stopping reports it, shows its metrics by epoch and by class, and has their fields', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const url = await studio.serve();
  const earlyStopping = { monitor: 'loss', mode: 'max', patience: 1, restoreBestWeights: true };
  const fit = encodeURIComponent(JSON.stringify({ earlyStopping, validationFreq: 1 }));
  const metrics = encodeURIComponent('["f1Score"]');
  await openPage(
    `${url}#dataset=digits&augment=none&model=five-relu&epochs=6&metrics=${metrics}&fit=${fit}`,
    page,
    complaints,
  );
  await press(page, '#start');
  await until(page, '#status', 'Stopped early after epoch 2: loss was best in epoch 1');
  expect(await page.$$eval('#epochs tbody tr', (rows) => rows.length)).toBe(2);
  expect(await text(page, '#epochs thead')).toContain('f1Score');
  await until(page, '#results .facts', 'accuracy \\d+\\.\\d %, balanced \\d+\\.\\d %, ');
  expect(await page.$$eval('#by-class tbody tr', (rows) => rows.map((row) => row.children.length))).toEqual(
    Array(10).fill(4),
  );
  const typed = (id: string) => page.$eval(id, (input) => (input as HTMLInputElement).value);
  await page.waitForSelector('#validation-freq');
  expect([
    await typed('#earlyStopping-monitor'),
    await typed('#validation-freq'),
    await typed('#validation-split'),
  ]).toEqual(['loss', '1', '']);
  expect(await typed('#earlyStopping-mode')).toBe('max');
  await page.$eval('#metrics-form button', (it) => (it as HTMLElement).click());
  await page.waitForFunction(() => !/metrics=/.test(location.hash) && /fit=/.test(location.hash));

  // Invalid values are reported at their fields, and training is disabled until they are fixed.
  await page.select('#loss-type', 'huber');
  await until(page, '#earlyStopping-form', 'on loss');
  await page.$eval('#loss-delta ~ input', (it) => {
    (it as HTMLInputElement).value = '-1';
    it.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await until(page, '#loss-delta-refused', '^⚠ -1: a number > 0$');
  expect(await page.$eval('#loss-delta', (it) => it.getAttribute('aria-describedby'))).toBe('loss-delta-refused');
  await until(page, '#refusal', 'huber: delta is invalid');
  expect(await page.$('#start:enabled')).toBeNull();
  await page.select('#loss-type', 'binaryCrossentropy');
  await page.waitForSelector('#start:enabled');
  const fitIn = async () => JSON.parse((await experimentIn(page)).get('fit')!);
  expect((await experimentIn(page)).get('loss')).toBe('binaryCrossentropy');
  expect(await page.$('#add-metric, #class-weight')).toBeNull();
  // The model preset ends as the loss requires; the default loss of classes does not appear in the URL.
  await page.select('#loss-type', 'sparseCategoricalCrossentropy');
  await page.waitForSelector('#class-weight');
  expect((await experimentIn(page)).has('loss')).toBe(false);
  await page.select('#class-weight', 'byClass');
  await page.waitForSelector('#class-weight-9');
  expect((await fitIn()).classWeight).toMatchObject({ 0: 1, 9: 1 });
  await page.select('#earlyStopping-monitor', 'validationAccuracy');
  expect((await fitIn()).earlyStopping.monitor).toBe('validationAccuracy');
  expect(complaints).toEqual([]);
  await page.close();
});

test('nothing starts while a run is being loaded; other images are not mistaken for those of the run', async () => {
  const model: Model = {
    inputShape: [4, 4, 1],
    layers: [conv2d({ filters: 2, kernelSize: 3 }), flatten(), dense({ units: 2, activation: 'softmax' })],
  };
  const facts = { imageShape: [4, 4, 1] as [number, number, number], classNames: ['a', 'b'] };
  const weights = initialWeights(compileModel(model), 0);
  const file = join(downloads, 'of-others.wgrad');
  writeFileSync(
    file,
    formatRun({
      options: { model, optimizer: 'sgd', batchSize: 4, mix: { probability: 0.5 }, activationStorage: 'float16' },
      dataset: { name: 'mnist', ...facts, trainSamples: 8, testSamples: 4, data: '0123456789abcdef' },
      epochs: 3,
      history: {
        epochs: [],
        steps: [
          {
            step: 1,
            epoch: 1,
            loss: 1,
            accuracy: 0.5,
            samples: 4,
            skipped: false,
            gradientNorms: { conv2d: 0.1, dense: 0.2 },
          },
        ],
        verdicts: [],
        probes: [],
      },
      snapshot: {
        weights,
        slots: [],
        progress: { epochs: 1, step: 1, updates: 1, skipped: 0, correction1: 0, correction2: 0 },
        learningRate: 0.01,
      },
    }),
  );
  let letThrough = () => {};
  const isLetThrough = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  const url = await studio.serve(async (request, response, next) => {
    if (request.url === '/datasets.json') {
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify({ mnist: null }));
    }
    const [, part] = /^\/datasets\/mnist(.*)$/.exec(request.url ?? '') ?? [];
    if (part === undefined) return next();
    await isLetThrough;
    if (!part) response.setHeader('content-type', 'application/json');
    const count = part.includes('train') ? 8 : 4;
    response.end(
      part
        ? new Uint8Array(part.includes('images') ? 16 * count : count)
        : JSON.stringify({ ...facts, train: { count: 8 }, test: { count: 4 } }),
    );
  });
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(`${url}#dataset=digits`, page, complaints);
  await upload(page, '#open-run', file);
  await until(page, '#status', 'Loading of-others\\.wgrad');
  expect(await page.$('#start:disabled')).not.toBeNull();
  expect(await page.$('#step:disabled')).not.toBeNull();
  letThrough();
  await until(page, '#status', 'Loaded .*: 1 step on mnist\\. The images that it was trained on are not available');
  expect(await text(page, '#status')).toContain(
    'It mixes copies in (mix: {"probability":0.5}), which this page does not support: Train leaves that out.',
  );
  await page.waitForFunction(() => location.hash.includes('activation-storage=float16'));
  await page.waitForSelector('#start:enabled');
  await press(page, '#resume-run');
  await until(page, '#page-error', 'The images of mnist are not those that this run was trained on');
  expect(await text(page, '#page-error')).toContain('8 others of 4 x 4 x 1');
  expect(complaints).toEqual([]);
  await page.close();
});

test('predictions work during training, and a profile shows the time of each dispatch of a step', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(`${await studio.serve()}#dataset=digits&augment=none&model=five-relu&epochs=5000`, page, complaints);
  await downloadInto(page, downloads);
  await press(page, '#time');
  await until(page, '#profile .facts', 'dispatches, [\\d.]+ ms');
  expect(await text(page, '#profile .facts')).toMatch(/Timestamps are (not )?rounded/);
  const bars = await page.$$eval('.dispatches meter', (all) => all.map((it) => (it as HTMLMeterElement).value));
  for (const bar of bars) expect(bar).toBeGreaterThan(0);
  expect(await page.$$eval('.dispatches .phase th', (all) => all.map((it) => it.textContent))).toEqual([
    'Images of the batch',
    'Forward',
    'Backward',
    'Norms and update',
  ]);
  await press(page, '#save-trace');
  const { traceEvents } = JSON.parse(readFileSync(await downloaded(downloads, '.trace.json'), 'utf8')) as ChromeTrace;
  const slices = traceEvents.flatMap((event) => (event.ph === 'X' ? [event] : []));
  expect(slices.map(({ dur }) => dur)).toEqual(bars);
  const rows = await page.$$eval('.dispatches tr:not(.phase) th[scope=row]', (all) => all.map((it) => it.textContent));
  expect(slices.map(({ name }) => name)).toEqual(rows.map((it) => it!.trim()));
  // Each row leads to the shader as it ran.
  await page.$eval('.dispatches button.dispatch', (it) => (it as HTMLElement).click());
  await page.waitForSelector('.wgsl pre');
  expect(await text(page, '.wgsl pre')).toMatch(/@compute @workgroup_size\(\d+/);
  expect(await text(page, '.wgsl .facts')).toMatch(/^\w+\.wgsl, [\d,]+ × 1 × 1 workgroups/);
  await page.$eval('.dispatches button.dispatch', (it) => (it as HTMLElement).click());
  await page.waitForFunction(() => !document.querySelector('.wgsl'));
  // Perfetto requires of an event a timestamp, and a thread with a name.
  const threads = new Set(traceEvents.flatMap((event) => (event.name === 'thread_name' ? [event.tid] : [])));
  let end = 0;
  for (const { ts, dur, pid, tid } of slices) {
    expect(ts).toBeCloseTo(end, 6);
    end = ts + dur;
    expect(threads).toContain(tid);
    expect(pid).toBe(slices[0]!.pid);
  }

  // The self-test compares the GPU with float64: with all kernels, or with some.
  await page.type('#check-only', 'max_poool');
  await press(page, '#check-gpu');
  await until(page, '#profile [role=alert]', 'No check of the self-test has such a name');
  await page.$eval('#check-only', (it) => (it as HTMLInputElement).select());
  await page.type('#check-only', 'max_pool');
  await press(page, '#check-gpu');
  await until(page, '.gpu-check [role=status]', 'All \\d+ checks passed in');
  const checked = await page.$$eval('#checked-kernels tbody tr', (all) => all.map((it) => it.textContent));
  expect(checked.length).toBeGreaterThan(1);
  for (const row of checked) expect(row).toMatch(/^\w*max_pool\w*?\d+[\d.]+ %passed$/);
  expect(await page.$('#profile [role=alert]')).toBeNull();
  await press(page, '#save-check');
  const check = JSON.parse(readFileSync(await downloaded(downloads, 'check.json'), 'utf8')) as Record<string, unknown>;
  expect(check).toMatchObject({
    passed: true,
    wgrad: expect.any(String),
    userAgent: expect.stringContaining('Chrome'),
  });
  expect(check.checks).toHaveLength(check.planned as number);

  await press(page, '#start');
  await untilEpoch(page, 2);
  await press(page, '#evaluate');
  await until(page, '#results .facts', 'validation images after \\d+ steps');
  await drawOne(page);
  await answered(page);
  const before = await text(page, '#place');
  await page.waitForFunction((before) => document.querySelector('#place')?.textContent !== before, {}, before);
  await press(page, '#stop');
  await until(page, '#status', 'Stopped after');
  expect(complaints).toEqual([]);
  await page.close();
});
