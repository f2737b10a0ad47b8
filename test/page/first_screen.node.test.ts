import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readDatasets } from '../../src/cli/datasets.ts';
import { parseRun } from '../../src/index.ts';
import { readFigures } from '../../src/page/features/experiments/recorded.ts';
import sample from '../../src/page/features/experiments/sample.json';
import { recordedOf } from '../screenshots/recording.ts';
import {
  downloaded,
  drawFive,
  openPage,
  openStudio,
  press,
  readFigure,
  type Studio,
  text,
  until,
  untilFocused,
} from './studio.ts';

/** Counts the pictures in each drawing of the page, in `data-pictures`. */
const countPictures = (page: Page) =>
  page.evaluateOnNewDocument(() => {
    const { clearRect, drawImage } = CanvasRenderingContext2D.prototype;
    Object.assign(CanvasRenderingContext2D.prototype, {
      clearRect(this: CanvasRenderingContext2D, ...area: Parameters<typeof clearRect>) {
        this.canvas.dataset.pictures = '0';
        clearRect.apply(this, area);
      },
      drawImage(this: CanvasRenderingContext2D, ...image: Parameters<typeof drawImage>) {
        this.canvas.dataset.pictures = `${Number(this.canvas.dataset.pictures) + 1}`;
        drawImage.apply(this, image);
      },
    });
  });

/** Waits until the drawings of the network have these numbers of pictures: the image's and those of its activations in the layers. */
const untilDrawn = (page: Page, ...pictures: number[]) =>
  page.waitForFunction(
    (wanted) =>
      [...document.querySelectorAll<HTMLCanvasElement>('.network-drawing')].map((it) => it.dataset.pictures).join() ===
      wanted,
    {},
    pictures.join(),
  );

/** Left edge of the slider in the bar of the run, and top of everything below the notes about the run, in pixels. */
const positions = (page: Page) =>
  page.evaluate(() => {
    const box = (selector: string) => document.querySelector(selector)!.getBoundingClientRect();
    return [box('#rate-in-bar').left, box('#outcome').top + scrollY] as const;
  });

interface Noted {
  notes: string[];
}

/** Records the notes about the run whenever they change. */
const watchNotes = (page: Page) =>
  page.evaluate(() => {
    const notes: string[] = [];
    Object.assign(globalThis, { notes } satisfies Noted);
    const place = document.querySelector('.run-notes')!;
    const observer = new MutationObserver(() => notes.push(place.textContent!));
    observer.observe(place, { childList: true, subtree: true, characterData: true });
  });

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio?.close());

test("a new user's first minute: the headline, one network fails and one learns, a drawing is recognized", async () => {
  const page = await studio.browser.newPage();
  await countPictures(page);
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('dialog', (dialog) => asked.push(dialog.message()));
  await openPage(await studio.serve(), page, complaints);

  // Before anything was trained: the headline, and a prerecorded sample run.
  expect(await text(page, 'h1')).toContain('Watch gradients vanish.');
  await until(page, '.sample-mark', '^Sample run\\. Press Train for yours\\.$');
  expect(await text(page, '#gradient-map tbody tr .badge')).toBe('vanishing');
  await page.waitForSelector('#loss canvas');
  // The image and eleven layers.
  await untilDrawn(page, 12);
  expect(await page.$('.frame.empty')).toBeNull();
  expect(await page.$('#save:disabled')).not.toBeNull();
  expect(await text(page, '#start')).toBe('Train');
  // Train repeats what is shown: the settings are those of the sample, and its card is marked.
  expect(await page.$eval('#model-preset', (it) => (it as HTMLSelectElement).value)).toBe('deep-sigmoid');
  expect(await page.$eval('#dataset', (it) => (it as HTMLSelectElement).value)).toBe('digits');
  expect(await page.$eval('.card[aria-current]', (it) => it.id)).toBe('experiment-vanishing');
  expect(await text(page, '#loss-now')).toBe('–');
  expect(new URL(page.url()).hash).toBe('');
  // All essentials are on the first screen of a desktop.
  await page.setViewport({ width: 1440, height: 900 });
  for (const id of ['start', 'network', 'gradient-map', 'loss', 'accuracy']) {
    const { top, bottom } = await page.$eval(`#${id}`, (it) => it.getBoundingClientRect().toJSON() as DOMRect);
    expect(top).toBeGreaterThanOrEqual(0);
    expect(bottom, id).toBeLessThanOrEqual(900);
  }

  // One click: ten sigmoid layers die, in the run that was recorded as the sample. A sentence says what to look at, and what is shown
  // after the run takes its place.
  const [slider] = await positions(page);
  await press(page, '#start');
  await until(page, '#watch', '^From right to left');
  const during = await positions(page);
  await until(page, '#status', 'Done in');
  await page.waitForSelector('#next-step');
  expect(await page.$('#watch')).toBeNull();
  expect(await positions(page)).toEqual(during);
  expect(during[0]).toBe(slider);
  const folder = mkdtempSync(join(inject('folder'), 'sample-'));
  const cdp = await page.createCDPSession();
  await cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
  await press(page, '#save');
  const trained = parseRun(new Uint8Array(readFileSync(await downloaded(folder, '.wgrad'))));
  const now = recordedOf(trained, (await readDatasets('digits')).test);
  expect(now.verdicts.map(({ layer, verdict }) => `${layer} ${verdict}`)).toEqual(
    sample.verdicts.map(({ layer, verdict }) => `${layer} ${verdict}`),
  );
  for (const [layer, { reach }] of Object.entries(sample.layers)) {
    const [before, after] = [readFigures(reach), readFigures(now.layers[layer]!.reach)];
    expect(after).toHaveLength(before.length);
    // Another processor may round differently; the picture is the same.
    before.forEach((value, i) => {
      expect(Math.abs(Math.log(after[i]! / value!)), `${layer} ${i}`).toBeLessThan(0.2);
    });
  }

  // Another, on the cure that is offered: five ReLU layers learn.
  expect(await page.$('#cure')).toBeNull();
  await until(page, '#next-step', '^Now cure it with ReLU$');
  await watchNotes(page);
  await page.focus('#next-step');
  await page.keyboard.press('Enter');
  await untilFocused(page, '#start');
  await until(page, '#status', '^Compared: one pair. Validation accuracy: A \\d.*B \\d\\d');
  expect(await page.$('.sample-mark')).toBeNull();
  // While the twins were being set up, there was no note about the difference from the run before them.
  const notes = await page.evaluate(() => (globalThis as unknown as Noted).notes);
  const watched = notes.filter((note) => note.includes("A's gradient fades"));
  expect(watched.length).toBeGreaterThan(0);
  expect(watched.filter((note) => /Changed since|Twin B/.test(note))).toEqual([]);
  expect(new URL(page.url()).hash).toContain('twin=model:five-relu');
  await untilDrawn(page, 12, 7);
  const verdicts = (twin: string) =>
    page.$$eval(
      '#gradient-map tbody tr',
      (rows, twin) =>
        rows
          .filter((row) => row.querySelector('.twin')?.textContent === twin)
          .map((row) => row.querySelector('.badge')?.textContent),
      twin,
    );
  expect((await verdicts('A')).slice(0, 5)).toEqual(Array(5).fill('vanishing'));
  expect(await verdicts('B')).toEqual(Array(6).fill('healthy'));
  const accuracy = (await text(page, '#validation-accuracy-now')).split('\n').map((it) => readFigure(it.slice(2)));
  expect(accuracy[0]).toBeLessThan(0.2);
  expect(accuracy[1]).toBeGreaterThan(0.7);

  // A card of the gallery, by keyboard, trains a single network again: one that recognizes digits.
  await page.focus('#experiment-digit');
  await page.keyboard.press('Enter');
  await until(page, '#status', 'Done in');
  // These twins can be trained again in seconds, so nobody was asked before they were replaced.
  expect(asked).toEqual([]);
  // The bar of the run has room for all its parts in any window.
  for (const width of [1024, 1280, 1440]) {
    await page.setViewport({ width, height: 900 });
    const [bar, ...parts] = await page.evaluate(() =>
      [document.querySelector('.run-bar')!, ...document.querySelectorAll('.run-bar *')].map(
        (it) => it.getBoundingClientRect().right,
      ),
    );
    expect(Math.max(...parts), `${width}`).toBeLessThanOrEqual(bar!);
    expect(await page.$eval('#status', (it) => it.clientWidth), `${width}`).toBeGreaterThan(100);
  }
  await press(page, '#next-step');
  await page.waitForSelector('#try.drawer #pad');
  await until(page, '.pad-frame', '^Draw here$');
  await drawFive(page);
  await page.waitForSelector('#probabilities .best');
  await until(page, '#try .asked strong', '^5, ');
  expect(await text(page, '.pad-frame')).toBe('');
  // The drawing stays if the window becomes narrow, although its panel moves.
  await page.$eval('#pad', (pad) => pad.setAttribute('data-before', ''));
  await page.setViewport({ width: 400, height: 860 });
  await page.waitForSelector('#pad:not([data-before])');
  const ink = await page.$eval('#pad', (pad) => {
    const { width, height } = pad as HTMLCanvasElement;
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    context.drawImage(pad as HTMLCanvasElement, 0, 0);
    return context.getImageData(0, 0, width, height).data.filter((value, i) => i % 4 === 3 && value > 0).length;
  });
  expect(ink).toBeGreaterThan(1000);
  await until(page, '#try .asked strong', '^5, ');
  expect(complaints).toEqual([]);
  await page.close();
});
