import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { launchChrome } from '../../src/cli/chrome.ts';
import { servePage } from '../../src/cli/dev.ts';
import { descendants, isAlive } from './processes.ts';
import { start, temporaryFolder } from './wgrad.ts';

test('wgrad dev serves the page and the data sets until Ctrl-C, and leaves no processes running', async () => {
  const serving = start('dev', '--no-open', '--port', '0');
  const said = await serving.says('Ctrl-C ends it.');
  const url = /^page +(\S+)$/m.exec(said)?.[1] as string;
  const page = await (await fetch(url)).text();
  expect(page).toContain('<title>wgrad: watch gradients vanish</title>');
  const facts = await (await fetch(new URL('datasets/digits', url))).json();
  expect(facts).toMatchObject({ imageShape: [8, 8, 1], train: { count: 1500 } });
  const started = process.platform === 'linux' ? descendants(serving.child.pid as number) : [];
  serving.child.kill('SIGINT');
  expect((await serving.ended).code).toBe(0);
  expect(started.filter(isAlive)).toEqual([]);
});

/** In development, styles are loaded with each of the page's modules, and modules that read colors must not run earlier. */
async function expectColors(page: Page): Promise<void> {
  await page.waitForSelector('.relative-scale .ramp canvas');
  const colors = await page.$eval('.relative-scale .ramp canvas', (it) => {
    const canvas = it as HTMLCanvasElement;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, 1);
    return new Set(Array.from({ length: canvas.width }, (_, x) => `${data.slice(4 * x, 4 * x + 3)}`)).size;
  });
  expect(colors).toBeGreaterThan(9);
}

test('the page has its colors, and checks and times a saved shader without being loaded again', async () => {
  const folder = join(temporaryFolder(), 'shaders');
  cpSync(fileURLToPath(new URL('../../shaders', import.meta.url)), folder, { recursive: true });
  const path = join(folder, 'sum_parts.wgsl');
  const text = readFileSync(path, 'utf8');
  const server = await servePage({ port: 0, yes: false }, folder);
  const browser = await launchChrome({ adapter: 'software' });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(200_000);
    // A network that compiles quickly and has the shader.
    const convolution = { type: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' };
    const layers = [convolution, { type: 'flatten' }, { type: 'dense', units: 10, activation: 'softmax' }];
    await page.goto(`${server.url}#dataset=digits&model=${JSON.stringify({ layers })}`);
    await expectColors(page);
    // The panels below are loaded when somebody scrolls there.
    await page.waitForFunction(() => {
      scrollTo(0, document.body.scrollHeight);
      return document.querySelector('#time:not([disabled])') && document.querySelector('#shader-update');
    });
    const shown = async (words: string) => {
      const found = await page.waitForFunction(
        (words) => {
          const text = document.querySelector('#shader-update')?.textContent ?? '';
          return text.includes(words) && text;
        },
        {},
        words,
      );
      return (await found.jsonValue()) as string;
    };
    await page.evaluate(() => Object.assign(window, { isStillHere: true }));
    writeFileSync(path, text.replace('+= dw_parts', '-= dw_parts'));
    expect(await shown('differ from the float64 twin')).toMatch(/^sum_parts\.wgsl: 2 of 2 checks differ.*dw\[\d+\] is/);
    writeFileSync(path, text.replace('var sum = 0.0', 'var sum = zero'));
    expect(await shown('does not compile')).toMatch(/zero.*\(sum_parts\.wgsl, line \d+\)/);
    writeFileSync(path, text.replace('var sum = 0.0', 'var sum = f32(0)'));
    expect(await shown('µs now')).toMatch(/sum_parts: 2 checks, all within.*sum_parts conv2d: [\d.,]+ µs before/);
    writeFileSync(join(folder, 'new.wgsl'), 'fn f() {}\n');
    expect(await shown('start wgrad again')).toMatch(/^new\.wgsl: no check uses it; if it is new, import it in /);
    expect(await page.evaluate(() => 'isStillHere' in window)).toBe(true);
  } finally {
    await browser.close();
    server.close();
  }
}, 500_000);
