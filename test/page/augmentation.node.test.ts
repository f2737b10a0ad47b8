import { exec } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  downloaded,
  downloadInto,
  experimentIn,
  openPage,
  openStudio,
  patience,
  press,
  type Studio,
  text,
  until,
  untilFocused,
  upload,
} from './studio.ts';

let studio: Studio;
let url: string;
beforeAll(async () => {
  studio = await openStudio();
  url = await studio.serve();
});
afterAll(() => studio?.close());

/** The images of the sample table, read from its canvases: the original first in each row. */
const pixels = (page: Page): Promise<string[]> =>
  page.$$eval('.samples canvas', (canvases) => canvases.map((canvas) => (canvas as HTMLCanvasElement).toDataURL()));

const slide = (page: Page, selector: string, value: number) =>
  page.$eval(
    selector,
    (it, value) => {
      (it as HTMLInputElement).value = String(value);
      it.dispatchEvent(new Event('input', { bubbles: true }));
    },
    value,
  );

/** Waits until the samples differ from these. */
const others = (page: Page, before: string[]) =>
  page.waitForFunction(
    (before) =>
      [...document.querySelectorAll<HTMLCanvasElement>('.samples canvas')].some(
        (canvas, i) => canvas.toDataURL() !== before[i],
      ),
    {},
    before,
  );

/**
 * Moves a slider through values, as fast as the samples follow.
 *
 * @returns for each value the milliseconds from its event to changed pixels, and whether Train was ever disabled meanwhile.
 */
const drag = (page: Page, selector: string, values: number[]) =>
  page.evaluate(
    async (selector, values) => {
      const slider = document.querySelector<HTMLInputElement>(selector)!;
      const start = document.querySelector<HTMLButtonElement>('#start')!;
      let wasOff = false;
      new MutationObserver(() => {
        wasOff ||= start.disabled;
      }).observe(start, { attributes: true });
      const canvas = document.querySelectorAll<HTMLCanvasElement>('.samples canvas')[1]!;
      const latencies: number[] = [];
      for (const value of values) {
        const before = canvas.toDataURL();
        const begun = performance.now();
        slider.value = String(value);
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        while (canvas.toDataURL() === before) await new Promise(requestAnimationFrame);
        latencies.push(performance.now() - begun);
      }
      return { latencies, wasOff };
    },
    selector,
    values,
  );

describe('augmentation', () => {
  let page: Page;
  let initial: string[];
  const complaints: string[] = [];
  beforeAll(async () => {
    page = await studio.browser.newPage();
    await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]); // Nothing moves without interaction.
    // The page's own timer shows new samples, and goes off when a test says so. Puppeteer's are shorter.
    await page.evaluateOnNewDocument(() => {
      const { setInterval } = globalThis;
      const orHeld = (tick: () => void, ms: number) =>
        ms < 1000 ? setInterval(tick, ms) : Object.assign(globalThis, { tick });
      globalThis.setInterval = orHeld as typeof setInterval;
    });
    await openPage(`${url}#dataset=digits&model=five-relu`, page, complaints);
    await page.waitForSelector('.samples button');
    initial = await pixels(page);
  });
  /** Each test begins with the same experiment and samples, on one page. */
  beforeEach(async () => {
    complaints.length = 0;
    await page.evaluate(() => {
      location.hash = '#dataset=digits&model=five-relu';
    });
    await page.waitForSelector('#generator-rotationRange');
    await page.waitForSelector('#start:enabled');
    await vi.waitFor(async () => expect(await pixels(page)).toEqual(initial), { timeout: patience, interval: 50 });
  });
  afterEach(() => expect(complaints).toEqual([]));
  afterAll(() => page?.close());

  const openMoreArguments = async () => {
    if (!(await page.$('#more-arguments[open]'))) await press(page, '#more-arguments summary');
  };

  test('a slider changes the samples and the URL; without augmentation, the samples are the originals', async () => {
    const before = await pixels(page);
    expect(before).toHaveLength(4 * 7);
    await slide(page, '#generator-rotationRange', 120);
    await others(page, before);
    const turned = await pixels(page);
    for (let row = 0; row < 4; row++) expect(turned[7 * row]).toBe(before[7 * row]);
    expect(JSON.parse((await experimentIn(page)).get('augment') ?? '')).toMatchObject({
      rotationRange: 120,
      zoomRange: 0.1,
    });

    await page.select('#augmentation-preset', 'none');
    await others(page, turned);
    const plain = await pixels(page);
    for (const [i, image] of plain.entries()) expect(image).toBe(before[i - (i % 7)]);
    expect((await experimentIn(page)).get('augment')).toBe('none');
  });

  test('digits are not mirrored by default, and the page warns if the user mirrors them', async () => {
    const preset = () => page.$eval('#augmentation-preset', (it) => (it as HTMLSelectElement).value);
    const warnings = () => page.$$eval('#augmentation .mirroring', (all) => all.map((it) => it.textContent));
    expect(await preset()).toBe('handwriting');
    expect((await experimentIn(page)).get('augment')).toBeNull();
    expect(await page.$eval('#generator-horizontalFlip', (it) => (it as HTMLInputElement).checked)).toBe(false);
    expect(await warnings()).toEqual([]);
    await press(page, '#generator-horizontalFlip');
    await page.waitForSelector('.option:has(#generator-horizontalFlip) + .mirroring');
    expect(await warnings()).toEqual([expect.stringMatching(/costs accuracy.*handwriting/)]);
    await page.select('#augmentation-preset', 'tutorial');
    await page.waitForFunction(() => location.hash.includes('augment=tutorial'));
    expect(await warnings()).toHaveLength(1);
    // In a list of ops, the note is at the mirroring op while that is on.
    await page.select('#add-op', 'randomRotation');
    await page.select('#add-op', 'randomVerticalFlip');
    await page.waitForSelector('.op:nth-child(2) .mirroring');
    expect(await warnings()).toHaveLength(1);
    await press(page, '#op-1');
    await page.waitForFunction(() => !document.querySelector('.mirroring'));
  });

  test('the samples follow a slider at once, and Train stays enabled', async () => {
    const { latencies, wasOff } = await drag(page, '#generator-rotationRange', [20, 40, 60, 80, 100, 120]);
    const sorted = [...latencies].sort((a, b) => a - b);
    console.log(`from a slider's event to new pixels: ${sorted.map((ms) => ms.toFixed(0)).join(', ')} ms`);
    expect(wasOff).toBe(false);
  });

  test('hovering over a sample shows its parameters and its outline; arrow keys move between samples', async () => {
    await page.hover('[data-place="1 2"]');
    await until(
      page,
      '#sample-facts',
      '^(Rotated [0-9.]+° (counter-)?clockwise|Shifted|Sheared|[0-9.]+ %|Mirrored|No change)',
    );
    const points = await page.$eval('.warped-frame polygon', (it) => it.getAttribute('points') ?? '');
    expect(points.split(/[ ,]/).map(Number).filter(Number.isFinite)).toHaveLength(8);
    const facts = await text(page, '#sample-facts');
    await page.focus('[data-place="1 2"]');
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((facts) => document.querySelector('#sample-facts')?.textContent !== facts, {}, facts);
    await untilFocused(page, '[data-place="1 3"]');
  });

  test('a list of ops: ops are added, moved, switched off and copied; an invalid op shows its error', async () => {
    const before = await pixels(page);
    await page.select('#add-op', 'randomInvert');
    await others(page, before);
    await page.select('#add-op', 'randomRotation');
    await page.waitForSelector('#op-1-degrees');
    const list = async () => JSON.parse((await experimentIn(page)).get('augment') ?? '') as { type: string }[];
    expect(await list()).toEqual([{ type: 'randomInvert' }, { type: 'randomRotation', degrees: 15 }]);
    await page.focus('[aria-label="move randomRotation up"]');
    await page.keyboard.press('Enter');
    await untilFocused(page, '[aria-label="move randomRotation down"]');
    expect((await list()).map(({ type }) => type)).toEqual(['randomRotation', 'randomInvert']);
    await press(page, '#op-1'); // Switches it off.
    expect((await list()).map(({ type }) => type)).toEqual(['randomRotation']);
    expect(await text(page, '.ops')).toContain('randomInvert');
    await press(page, '#op-1');
    expect((await list()).map(({ type }) => type)).toEqual(['randomRotation', 'randomInvert']);
    const flag = await page.$eval('#copy-flag', (it) => (it as HTMLElement).dataset.text);
    expect(flag).toBe(`--augment '${JSON.stringify(await list())}'`);

    await page.select('#add-op', 'randomGrayscale');
    await until(page, '.op.bad #augmentation-error', 'removes the color');
    expect(await page.$$eval('.op', (ops) => ops.map((op) => op.matches('.bad')))).toEqual([false, false, true]);
    const off = ['#start:disabled', '#step:disabled', '#train-twins:disabled'];
    for (const it of off) await page.waitForSelector(it);
    expect(await text(page, '#refusal')).toContain('randomGrayscale: it removes the color');
    await until(page, '.samples.stale caption', 'the last valid augmentation');
    await press(page, '#op-2'); // Switches it off.
    await page.waitForSelector('#start:enabled');
    expect(await page.$('#augmentation-error')).toBeNull();
    expect(await page.$('.samples.stale')).toBeNull();
  });

  test('new samples are shown only while the panel is in sight', async () => {
    /** The timer goes off. @returns whether samples are requested of the training thread. */
    const isRequested = (isInSight: boolean) =>
      page.evaluate(async (isInSight) => {
        const panel = document.querySelector('#augmentation')!;
        // The settings scroll on their own, and this panel is the fourth of them.
        if (isInSight) panel.scrollIntoView();
        else panel.parentElement!.scrollTop = 0;
        await new Promise<void>((resolve) => {
          const sight = new IntersectionObserver(([entry]) => {
            if (entry!.isIntersecting !== isInSight) return;
            sight.disconnect();
            resolve();
          });
          sight.observe(panel);
        });
        // All observers, the page's too, have reported before the next frame.
        await new Promise(requestAnimationFrame);
        const { postMessage } = Worker.prototype;
        let requests = 0;
        Worker.prototype.postMessage = function (this: Worker, ...message: unknown[]) {
          requests++;
          return (postMessage as (...message: unknown[]) => void).apply(this, message);
        };
        (globalThis as unknown as { tick: () => void }).tick();
        Worker.prototype.postMessage = postMessage;
        return requests > 0;
      }, isInSight);
    await press(page, '#moves');
    expect(await isRequested(false)).toBe(false);
    expect(await isRequested(true)).toBe(true);
    // The samples have moved by a single column.
    await others(page, initial);
    const next = await pixels(page);
    for (let row = 0; row < 4; row++) {
      expect(next.slice(7 * row + 1, 7 * row + 6)).toEqual(initial.slice(7 * row + 2, 7 * row + 7));
    }
    initial = next;
    await press(page, '#moves');
  });

  test('an invalid argument of Keras shows its error at its field, and a custom function when it is compiled', async () => {
    await openMoreArguments();
    await page.select('#generator-subset', 'training');
    await until(page, '#augmentation-error', 'needs a validationSplit');
    await page.waitForSelector('#start:disabled');
    await page.select('#generator-subset', 'null');
    await page.waitForSelector('#start:enabled');
    await page.type('#generator-preprocessingFunction', 'return 255.0 - pixels;');
    await page.keyboard.press('Enter');
    await until(page, '#augmentation-error', "preprocessingFunction doesn't compile");
    await page.waitForSelector('#start:disabled');
    await page.$eval('#generator-preprocessingFunction', (it) => (it as HTMLInputElement).select());
    await page.type('#generator-preprocessingFunction', 'return 255.0 - pixel;');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#start:enabled');
    expect(await page.$('#augmentation-error')).toBeNull();
  });

  test('feature-wise: the samples are fitted to the training images, shown stretched, and trained on', async () => {
    const before = await pixels(page);
    await openMoreArguments();
    await press(page, '#generator-zcaWhitening');
    await others(page, before);
    await until(page, '#augmentation', 'no gray levels.*statistics are from the 1,500 training images');
    const levels = await page.$$eval('.samples td canvas', (canvases) =>
      canvases.map((canvas) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
        const greys = data.filter((_, i) => i % 4 === 0);
        return [Math.min(...greys), Math.max(...greys)];
      }),
    );
    for (const ends of levels) expect(ends).toEqual([0, 255]);
    await page.$eval('#epochs-count', (it) => (it as HTMLInputElement).select());
    await page.type('#epochs-count', '1');
    await press(page, '#start');
    await until(page, '#status', 'Done in|error');
    expect(await text(page, '#status')).toContain('Done in');
  });
});

test("a crop determines the model's shapes, on the page and, copied as a flag, in the command; switched-off ops stay", async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const augment = JSON.stringify([{ type: 'randomCrop', size: [7, 6] }]);
  const off = JSON.stringify({ 1: { type: 'randomInvert' } });
  const length = 'epochs=1&train-samples=256&test-samples=64';
  await openPage(`${url}#dataset=digits&augment=${augment}&augment-off=${off}&${length}`, page, complaints);
  await until(page, '#model', '7 × 6 × 32.*3 × 3 × 32');
  expect(await page.$$eval('.op', (ops) => ops.map((op) => op.className.trim()))).toEqual(['op', 'op off']);
  const shapes = () => page.$$eval('.samples canvas', (all) => all.map((it) => [it.width, it.height].join()));
  await page.waitForSelector('.samples button');
  expect(new Set(await shapes())).toEqual(new Set(['8,8', '6,7']));
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  const loss = await text(page, '#validation-loss-now');
  expect(Number(loss)).toBeGreaterThan(0);

  // The saved run includes the crop; the page remembers which ops are switched off.
  const downloads = mkdtempSync(join(tmpdir(), 'wgrad-cropped-'));
  await downloadInto(page, downloads);
  await press(page, '#save');
  const file = await downloaded(downloads, 'digits-8-steps.wgrad');
  const address = page.url();
  await page.goto('about:blank');
  await openPage(address, page, complaints);
  await upload(page, '#open-run', file);
  await until(page, '#status', 'Loaded digits-8-steps');
  rmSync(downloads, { recursive: true });
  expect(await text(page, '#validation-loss-now')).toBe(loss);
  expect(JSON.parse((await experimentIn(page)).get('augment') ?? '')).toEqual(JSON.parse(augment));
  expect((await experimentIn(page)).get('augment-off')).toBe(off);
  await page.waitForSelector('#start:enabled');

  // A custom model gets them, too.
  await press(page, '#model .layer');
  await slide(page, '#layer-0-filters', 8);
  await until(page, '#model', '7 × 6 × 8');
  await page.waitForSelector('#op-0-size');
  await page.$eval('#op-0-size', (it) => (it as HTMLInputElement).select());
  await page.type('#op-0-size', '6');
  await page.keyboard.press('Enter');
  await until(page, '#model', '6 × 6 × 8');
  expect((await experimentIn(page)).get('augment-off')).toBe(off);
  expect(complaints).toEqual([]);

  const flag = await page.$eval('#copy-flag', (it) => (it as HTMLElement).dataset.text);
  await page.close();
  const program = fileURLToPath(new URL('../../bin/wgrad.js', import.meta.url));
  const few = '--adapter software --dataset digits --train-samples 64 --test-samples 32 --epochs 1';
  const { stdout } = await promisify(exec)(`"${process.execPath}" "${program}" train ${few} ${flag}`);
  expect(stdout).toMatch(/conv2d[ │]+6 x 6 x 32/);
  expect(stdout).toContain('validation');
});

test('a link reproduces the augmentation, and its invalid parts are reported as text', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  const augment = encodeURIComponent(JSON.stringify([{ type: 'randomVerticalFlip', p: 1 }]));
  await openPage(`${url}#dataset=digits&augment=${augment}&batch-size=<img src=x>`, page, complaints);
  await page.waitForSelector('#op-0-p');
  expect(await page.$eval('#op-0-p', (it) => (it as HTMLInputElement).value)).toBe('1');
  await until(page, '#page-error', 'batch-size');
  expect(await page.$('#page-error img')).toBeNull();
  expect(complaints).toEqual([]);
  await page.close();
});

test('the default augmentation depends on the data set until the user chooses one, and a link contains the choice', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  // Clothing images of 8 x 8.
  const facts = { imageShape: [8, 8, 1], classNames: ['Trouser', 'Coat'], train: { count: 8 }, test: { count: 4 } };
  const clothes = await studio.serve((request, response, next) => {
    const list = request.url === '/datasets.json';
    const [, part] = /^\/datasets\/fashion-mnist(.*)$/.exec(request.url ?? '') ?? [];
    if (!list && part === undefined) return next();
    if (!part) response.setHeader('content-type', 'application/json');
    if (part === undefined) return response.end(JSON.stringify({ 'fashion-mnist': null }));
    const count = part.includes('train') ? 8 : 4;
    response.end(part ? new Uint8Array(part.includes('images') ? 64 * count : count) : JSON.stringify(facts));
  });
  const preset = (name: string) =>
    page.waitForFunction(
      (name) => document.querySelector<HTMLSelectElement>('#augmentation-preset')?.value === name,
      {},
      name,
    );
  await openPage(`${clothes}#dataset=fashion-mnist`, page, complaints);
  await preset('tutorial');
  await page.waitForSelector('#generator-horizontalFlip:checked');
  expect(await page.$('.mirroring')).toBeNull();
  await page.select('#dataset', 'digits');
  await preset('handwriting');
  await page.select('#dataset', 'fashion-mnist');
  await preset('tutorial');
  expect((await experimentIn(page)).get('augment')).toBeNull();
  await page.select('#augmentation-preset', 'handwriting');
  await page.select('#dataset', 'digits');
  await page.select('#dataset', 'fashion-mnist');
  await preset('handwriting');
  expect((await experimentIn(page)).get('augment')).toBe('handwriting');

  await page.goto('about:blank');
  await openPage(`${clothes}#dataset=digits&augment=tutorial`, page, complaints);
  await preset('tutorial');
  await page.waitForSelector('.mirroring');
  expect(complaints).toEqual([]);
  await page.close();
});
