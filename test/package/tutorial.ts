import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { temporaryFolder } from '../cli/wgrad.ts';
import { linkPackages, root, runIn, shellEnvironment } from './packed.ts';

const text = readFileSync(join(root, 'docs/tutorial.md'), 'utf8');

/** The tutorial's files by name: in the text, each code block follows its file name. */
const files = [...text.matchAll(/`([\w.]+)`:\n\n```(?:html|js)\n(.*?)^```$/gms)].map(
  ([, name, content]) => [name as string, content as string] as const,
);

/** The tutorial's shell commands, one list per block. */
const commands = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, lines]) => (lines as string).trim().split('\n'));

async function typeIn(folder: string, program: string, ...args: string[]): Promise<void> {
  const { code, text } = await runIn(folder, shellEnvironment(), program, ...args);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${text}`);
}

/**
 * Follows the tutorial, with the packed package instead of the published one.
 *
 * @returns the folder, with the page built into `dist`.
 */
export async function followTutorial(tarball: string): Promise<string> {
  expect(files.map(([name]) => name)).toEqual(['index.html', 'camera.js', 'classifier.js', 'main.js', 'plain.html']);
  expect(commands).toEqual([
    ['mkdir thumbs && cd thumbs', 'npm init -y', 'npm install wgrad', 'npm install --save-dev vite'],
    ['npx vite'],
    ['npx vite build'],
    ['python3 -m http.server'],
  ]);
  const folder = join(temporaryFolder(), 'thumbs');
  mkdirSync(folder);
  await typeIn(folder, 'npm', 'init', '-y');
  await typeIn(folder, 'npm', 'install', tarball, '--offline', '--no-audit', '--no-fund');
  linkPackages(folder, 'vite');
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
  await typeIn(folder, process.execPath, 'node_modules/vite/bin/vite.js', 'build');
  return folder;
}

/** Chrome flags for a fake webcam with a test picture, without a permission prompt. */
export const webcam = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];

/** Uses the tutorial's page as its reader does, and closes it: one class is the webcam's picture, the other one a hand over it. */
export async function useTutorial(page: Page, url: string): Promise<void> {
  page.setDefaultTimeout(240_000);
  const failed = new Promise<never>((_, reject) => {
    page.on('pageerror', reject);
  });
  try {
    await Promise.race([failed, collectTrainAndPredict(page, url)]);
  } finally {
    await page.close();
  }
}

async function collectTrainAndPredict(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await hasText(page, '#status', 'Hold a button down to take pictures');
  await takePictures(page, 'Thumbs up');
  await coverCamera(page, true);
  await takePictures(page, 'Thumbs down');
  await page.locator('::-p-text(Train)').click();
  await hasText(page, '#status', 'Trained on \\d+ pictures');
  await hasText(page, '#answer', 'Thumbs down \\d+ %');
  await coverCamera(page, false);
  await hasText(page, '#answer', 'Thumbs up \\d+ %');
  await page.reload();
  await hasText(page, '#status', 'Trained on an earlier visit');
  await hasText(page, '#answer', 'Thumbs up \\d+ %');
}

/** Waits for a matching text, and fails immediately if the page shows an error instead. */
async function hasText(page: Page, selector: string, pattern: string): Promise<void> {
  const found = await page.waitForFunction(
    (where, expected) => {
      const text = document.querySelector(where)?.textContent ?? '';
      const isExpected = new RegExp(`^${expected}$`).test(text);
      const status = document.querySelector('#status')?.textContent ?? '';
      return (isExpected || /found:|expected:|Error/.test(status)) && { isExpected, text, status };
    },
    {},
    selector,
    pattern,
  );
  expect(await found.jsonValue()).toMatchObject({ isExpected: true });
}

async function takePictures(page: Page, name: string): Promise<void> {
  await page.locator(`button::-p-text(${name})`).hover();
  await page.mouse.down();
  await hasText(page, '#status', `.*${name}: [1-9]\\d.*`);
  await page.mouse.up();
}

/** Covering the webcam makes its picture black. */
async function coverCamera(page: Page, isCovered: boolean): Promise<void> {
  await page.evaluate((covered) => {
    const stream = document.querySelector('video')!.srcObject as MediaStream;
    stream.getVideoTracks()[0]!.enabled = !covered;
  }, isCovered);
  await page.waitForFunction(
    (covered) => {
      const context = new OffscreenCanvas(8, 8).getContext('2d')!;
      context.drawImage(document.querySelector('video')!, 0, 0, 8, 8);
      const isBlack = context.getImageData(0, 0, 8, 8).data.every((value, i) => i % 4 === 3 || value < 32);
      return isBlack === covered;
    },
    {},
    isCovered,
  );
}
