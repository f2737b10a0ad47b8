import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type FakeCamera, fakeCamera } from './fake_camera.ts';
import { openPage, openStudio, press, type Studio, text, until, upload } from './studio.ts';

// Classes of pictures from the webcam, and a picture or the webcam in Try it.

const folder = mkdtempSync(join(tmpdir(), 'wgrad-picture-'));
let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(async () => {
  await studio?.close();
  rmSync(folder, { recursive: true, force: true });
});

const see = (page: Page, color: string) =>
  page.evaluate((color) => {
    (globalThis as unknown as FakeCamera).color = color;
  }, color);
const colors = { red: '#c04020', blue: '#2060c0' };

/** Waits until the last picture of a class has the color. */
const untilTaken = (page: Page, k: number, count: number) =>
  page.waitForFunction(
    (k, count) => document.querySelectorAll(`.webcam-class:nth-child(${k}) .taken li`).length >= count,
    {},
    k,
    count,
  );

test('holding a button captures a class; the classes become a data set, a network trains on them and tells them apart live', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await fakeCamera(page);
  const url = await studio.serve();
  const model = encodeURIComponent(
    JSON.stringify({ layers: [{ type: 'flatten' }, { type: 'dense', units: 2, activation: 'softmax' }] }),
  );
  await openPage(`${url}#dataset=digits&augment=none&epochs=8`, page, complaints);
  await page.$eval('.own summary', (it) => (it as HTMLElement).click());
  await press(page, '#open-webcam');
  await press(page, '#webcam-view button');
  await until(page, '#webcam-view', 'No webcam was found.*NotFoundError.*connect one');
  const put = (camera: FakeCamera['camera']) =>
    page.evaluate((camera) => {
      (globalThis as unknown as FakeCamera).camera = camera;
    }, camera);
  await put('refused');
  await press(page, '#webcam-view button');
  await until(page, '#webcam-view', 'The webcam was refused.*NotAllowedError.*allow this page to use the camera');
  expect(await text(page, '#webcam-view')).toMatch(/Try again\s*Choose a folder instead/);
  await put('there');
  await press(page, '#webcam-view button');
  await page.waitForSelector('#webcam-view video');
  await page.waitForFunction(() => document.querySelector<HTMLVideoElement>('#webcam-view video')!.currentTime > 0);
  await page.$eval('.webcam-class input', (it) => {
    (it as HTMLInputElement).value = 'red';
    it.dispatchEvent(new Event('input', { bubbles: true }));
  });
  expect(await text(page, '#webcam-missing')).toBe('Capture at least 2 pictures of red and Class 2.');
  // By mouse.
  const [hold] = await page.$$('.webcam-class .hold');
  await hold!.evaluate((it) => it.scrollIntoView({ block: 'center' }));
  await hold!.hover();
  await page.mouse.down();
  await untilTaken(page, 1, 12);
  await page.mouse.up();
  await page.waitForFunction(() => document.querySelector('.webcam-class .hold')?.textContent === 'Hold to capture');
  // By keyboard; the video element shows the new color a moment later.
  await see(page, colors.blue);
  const isBlue = () =>
    page.$eval('#webcam-view video', (video) => {
      const context = new OffscreenCanvas(8, 8).getContext('2d', { willReadFrequently: true })!;
      context.drawImage(video as HTMLVideoElement, 0, 0, 8, 8);
      const [red, , blue] = context.getImageData(0, 0, 1, 1).data;
      return blue! > red!;
    });
  await vi.waitFor(async () => expect(await isBlue()).toBe(true), { timeout: 60_000, interval: 50 });
  await page.focus('.webcam-class:nth-child(2) .hold');
  await page.keyboard.down('Space');
  await untilTaken(page, 2, 12);
  await page.keyboard.up('Space');

  // A bad picture can be removed.
  const before = (await page.$$('.webcam-class:nth-child(2) .taken li')).length;
  await page.$eval('.webcam-class:nth-child(2) .taken button', (it) => (it as HTMLElement).click());
  await page.waitForFunction(
    (before) => document.querySelectorAll('.webcam-class:nth-child(2) .taken li').length === before - 1,
    {},
    before,
  );
  await press(page, '#use-webcam-pictures');
  await until(page, '#status', '\\d+ images of your own, which stay in this browser');
  await until(page, '#facts', 'training and \\d+ validation images of 32.×.32 in colou?r, 2 classes');
  expect(await page.$$eval('.classes .name', (all) => all.map((it) => it.textContent))).toEqual(['Class 2', 'red']);

  // A network small enough to finish immediately.
  await page.evaluate((model) => {
    location.hash = `#dataset=own&augment=none&epochs=8&model=${model}`;
  }, model);
  await page.waitForSelector('#start:enabled');
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  await page.$eval('#try-camera button', (it) => (it as HTMLElement).click());
  await until(page, '#try .asked', '^Class 2, ');
  await see(page, colors.red);
  await until(page, '#try .asked', '^red, ');

  // A picture from a file is classified where it is displayed, and stays.
  const data = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => [32, 96, 192][i % 3]!);
  const file = join(folder, 'blue.png');
  writeFileSync(file, encode({ width: 40, height: 30, data, channels: 3, depth: 8 }));
  await upload(page, '#try-file', file);
  await until(page, '#try .asked', '^Class 2, ');
  await page.waitForFunction(() => !document.querySelector('#try-camera video'));
  writeFileSync(file, 'no picture');
  await upload(page, '#try-file', file);
  await until(page, '#try .own-picture', "blue.png can't be read as a picture: choose a PNG");

  // So is a picture that is pasted or dropped on the panel; elsewhere a dropped file is a data set.
  const given = (color: string, kind: 'paste' | 'drop') =>
    page.evaluate(
      async (color, kind) => {
        const canvas = new OffscreenCanvas(40, 40);
        const context = canvas.getContext('2d')!;
        context.fillStyle = color;
        context.fillRect(0, 0, 40, 40);
        const files = new DataTransfer();
        files.items.add(new File([await canvas.convertToBlob()], 'given.png', { type: 'image/png' }));
        const how = { bubbles: true, cancelable: true };
        const place = document.querySelector('#try .own-picture')!;
        if (kind === 'paste') place.dispatchEvent(new ClipboardEvent('paste', { ...how, clipboardData: files }));
        else {
          for (const type of ['dragenter', 'dragover', 'drop'])
            place.dispatchEvent(new DragEvent(type, { ...how, dataTransfer: files }));
        }
      },
      color,
      kind,
    );
  await given('#d02020', 'paste');
  await until(page, '#try .asked', '^red, ');
  expect(await page.$('#try .own-picture .refused')).toBeNull();
  await given('#2060c0', 'drop');
  await until(page, '#try .asked', '^Class 2, ');
  expect(await text(page, '#status')).toMatch(/^Done in/);
  expect(complaints).toEqual([]);
  await page.close();
});
