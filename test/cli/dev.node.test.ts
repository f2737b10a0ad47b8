import { expect, test } from 'vitest';
import { launchChrome } from '../../src/cli/chrome.ts';
import { descendants, isAlive } from './processes.ts';
import { start } from './wgrad.ts';

test('wgrad dev serves the page and the data sets until Ctrl-C, and leaves nothing behind', async () => {
  const serving = start('dev', '--no-open', '--port', '0');
  const said = await serving.says('Ctrl-C ends it.');
  const url = /^page +(\S+)$/m.exec(said)?.[1] as string;
  const page = await (await fetch(url)).text();
  expect(page).toContain('<title>wgrad: watch gradients vanish</title>');
  const facts = await (await fetch(new URL('datasets/digits', url))).json();
  expect(facts).toMatchObject({ imageShape: [8, 8, 1], train: { count: 1500 } });
  await expectColors(url);
  const started = process.platform === 'linux' ? descendants(serving.child.pid as number) : [];
  serving.child.kill('SIGINT');
  expect((await serving.ended).code).toBe(0);
  expect(started.filter(isAlive)).toEqual([]);
});

/** In development, styles are loaded with each of the page's modules, and modules that read colors must not run earlier. */
async function expectColors(url: string): Promise<void> {
  const browser = await launchChrome({ adapter: 'software' });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(100_000);
    await page.goto(`${url}#dataset=digits`);
    await page.waitForSelector('.relative-scale .ramp canvas');
    const colors = await page.$eval('.relative-scale .ramp canvas', (it) => {
      const canvas = it as HTMLCanvasElement;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, 1);
      return new Set(Array.from({ length: canvas.width }, (_, x) => `${data.slice(4 * x, 4 * x + 3)}`)).size;
    });
    expect(colors).toBeGreaterThan(9);
  } finally {
    await browser.close();
  }
}
