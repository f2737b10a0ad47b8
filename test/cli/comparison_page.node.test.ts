import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChrome } from '../../src/cli/chrome.ts';
import { comparePairs, paragraphOf } from '../../src/index.ts';
import { rampColor } from '../../src/report/colors.ts';
import type { ComparisonFile } from '../../src/report/comparison_file.ts';
import { comparisonReport } from '../../src/report/report.ts';
import { logTicks, powerText, ticks, tickText } from '../../src/report/scale.ts';
import { madePairs } from '../training/made_twins.ts';
import { temporaryFolder } from './wgrad.ts';

const layers = ['dense', '<b>bold</b>'];
const pairs = madePairs([
  [
    { loss: 1, norm: 0.1, layers },
    { loss: 0.81, norm: 1e-7, layers },
  ],
  [
    { loss: 1.2, norm: 0.2, layers },
    { loss: 1, norm: 2e-7, layers },
  ],
  [
    { loss: 0.9, norm: 0.3, layers },
    { loss: 0.7, norm: 3e-7, layers },
  ],
]);
const comparison = comparePairs(pairs, 2);
const ways = { a: 'augmentation none', b: 'augmentation {"x": "</title><script>alert(1)</script>"}' };
const file: ComparisonFile = {
  kind: 'wgrad comparison',
  format: 1,
  command: `npx wgrad compare --a none --b '{"rotationRange": 30}'`,
  versions: { wgrad: '0.1.0', chrome: 'Chrome/1.2.3' },
  adapter: { vendor: 'acme', architecture: 'one', device: '', description: 'Acme <One>', software: false },
  config: {
    vary: 'augmentation',
    dataset: 'digits',
    clean: [],
    trainSamples: 16,
    testSamples: 8,
    epochs: 2,
    data: 'abc',
    a: { augmentation: {} },
    b: { augmentation: { rotationRange: 30 } },
  },
  seeds: [0, 1, 2, 3],
  pairs,
  comparison,
  paragraph: paragraphOf(comparison, {
    variable: 'augmentation',
    a: 'none',
    b: 'some',
    seeds: [0, 1, 2],
    epochs: 2,
    broken: { a: 0, b: 0 },
  }),
};

describe('the page of a comparison', () => {
  const html = comparisonReport(file, ways);
  let page: Page;
  let close: () => Promise<void>;
  const asked: string[] = [];
  const said: string[] = [];

  beforeAll(async () => {
    const path = join(temporaryFolder(), 'report.html');
    writeFileSync(path, html);
    const browser = await launchChrome({ adapter: 'software' });
    close = () => browser.close();
    page = (await browser.pages())[0]!;
    await page.setOfflineMode(true);
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    await page.goto(pathToFileURL(path).href);
  });
  afterAll(() => close());

  test('loads nothing, has no script, and escapes texts', async () => {
    expect(asked).toHaveLength(1);
    expect(said).toEqual([]);
    expect(await page.$$('script, b b, figcaption b, td b')).toEqual([]);
    expect(html).not.toMatch(/<script|https?:|<b>bold/);
    expect(await page.title()).toContain('</title><script>');
    const text = await page.$eval('body', (body) => body.textContent);
    expect(text).toContain('<b>bold</b>');
    expect(text).toContain('Acme <One>');
  });

  test('contains the paragraph, the command, seeds, adapter and versions', async () => {
    const text = await page.$eval('body', (body) => body.textContent);
    for (const part of [file.paragraph!, file.command, '0, 1, 2; not finished: 3', 'wgrad 0.1.0, Chrome/1.2.3']) {
      expect(text).toContain(part);
    }
  });

  test('the tables contain the figures of every row', async () => {
    const rows = await page.$$eval('tr', (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
    const loss = rows.find(([name]) => name === 'training loss')!;
    expect(loss.slice(1, 5)).toEqual(['1.03 (0.654 to 1.41)', '0.837 (0.46 to 1.21)', '0.197 (0.182 to 0.211)', '3']);
    const norm = rows.find(([layer, name]) => layer === 'dense' && name === 'early gradient norm')!;
    expect(norm[3]).toMatch(/^1\.82e-7 \(/);
    expect(norm[4]).toMatch(/^x 1000000|^x 1\.00e\+6/);
    expect(rows.filter(([layer]) => layer === 'dense').length).toBe(
      comparison.summary.filter(({ layer }) => layer === 'dense').length + 1, // Plus its verdict.
    );
  });

  test('draws curves of both twins with their bands, heat maps on a common scale, and histograms', async () => {
    const captions = await page.$$eval('figcaption', (all) => all.map((it) => it.textContent));
    for (const name of ['Training loss', 'Validation loss', 'Gap in loss', 'Gradient norm of dense', ways.b]) {
      expect(captions.some((caption) => caption?.includes(name))).toBe(true);
    }
    const curve = await page.$$eval('figure', (all) => {
      const figure = all.find((it) => it.querySelector('figcaption')?.textContent === 'Validation loss')!;
      return {
        lines: figure.querySelectorAll('polyline').length,
        bands: figure.querySelectorAll('polygon').length,
        marks: [...figure.querySelectorAll('circle title')].map((it) => it.textContent),
      };
    });
    expect(curve).toMatchObject({ lines: 2, bands: 2 });
    expect(curve.marks).toContain('A, epoch 2: 1.158 (0.7789 to 1.538)');
    const cells = await page.$$eval('rect', (all) =>
      all.map((it) => [it.querySelector('title')?.textContent, it.getAttribute('fill')]),
    );
    const ofMaps = cells.filter(([title]) => title);
    expect(ofMaps).toHaveLength(2 * layers.length * 8);
    expect(ofMaps[0]).toEqual(['dense, steps 1 to 1: 0.1817', rampColor(1)]);
    expect(ofMaps.at(-1)![1]).toBe(rampColor(0));
    const drift = await page.$$eval('polyline title', (all) => all.map((it) => it.textContent));
    expect(drift.slice(0, 4)).toEqual(['A, after epoch 1', 'A, after epoch 2', 'B, after epoch 1', 'B, after epoch 2']);
  });

  test('nothing extends beyond a narrow window', async () => {
    await page.setViewport({ width: 360, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  });
});

describe('scales', () => {
  test('ticks are round numbers, with as many digits as necessary', () => {
    expect(ticks(0.13, 0.94, 4)).toEqual([0.2, 0.4, 0.6, 0.8]);
    const near = ticks(2.30612, 2.30688, 4);
    expect(new Set(near.map((tick) => tickText(tick, near))).size).toBe(near.length);
    expect(logTicks(-7.2, 0.1, 4).map(powerText)).toEqual([
      '10⁻⁷',
      '10⁻⁶',
      '10⁻⁵',
      '10⁻⁴',
      '0.001',
      '0.01',
      '0.1',
      '1',
    ]);
    expect(logTicks(-1, 0, 4).map(powerText)).toEqual(['0.1', '0.2', '0.5', '1']);
    expect(powerText(Math.log10(5e-7))).toBe('5 · 10⁻⁷');
  });

  test('the colors increase in lightness', () => {
    const light = Array.from({ length: 21 }, (_, i) => {
      const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(rampColor(i / 20).slice(at, at + 2), 16));
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    });
    expect(light.every((value, i) => i === 0 || value > light[i - 1]!)).toBe(true);
  });
});
