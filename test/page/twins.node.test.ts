import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage, openStudio, type Studio, text, until } from './studio.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio?.close());

test('twins: one thing changed, both in every plot, the difference and its paragraph; a stop keeps what was drawn', async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  await openPage(
    `${await studio.serve()}#dataset=digits&model=five-relu&augment=none&epochs=2&train-samples=640`,
    page,
    complaints,
  );
  await page.select('#vary', 'learning-rate');
  expect(await text(page, 'label[for=twin-b]')).toContain('in place of 0.001');
  await page.$eval('#twin-b', (it) => (it as HTMLInputElement).select());
  await page.type('#twin-b', 'none');
  expect(await page.$('#train-beside:disabled')).not.toBeNull();
  await page.$eval('#twin-b', (it) => (it as HTMLInputElement).select());
  await page.type('#twin-b', '0.00001');
  await page.select('#pairs', '2');
  await page.click('#train-beside');
  await until(page, '#status', 'pair 2 of 2');
  await until(page, '#status', 'Compared: 2 pairs');

  const legend = (plot: string) =>
    page.$$eval(`${plot} .legend button`, (buttons) =>
      Object.fromEntries(
        buttons.map((button) => {
          const value = button.querySelector('.value')?.textContent ?? '';
          return [button.textContent!.replace(value, ''), Number(value)];
        }),
      ),
    );
  const loss = await legend('#loss');
  expect(Object.keys(loss)).toEqual(
    ['A', 'B'].flatMap((it) => ['each step', 'smoothed', 'validation'].map((n) => `${it} ${n}`)),
  );
  expect(loss['A smoothed']).toBeLessThan(loss['B smoothed']! - 0.2);
  expect(loss['A validation']).toBeLessThan(loss['B validation']! - 0.2);
  const accuracy = await legend('#accuracy');
  expect(accuracy['A validation']).toBeGreaterThan(accuracy['B validation']!);
  const norms = await legend('#norms');
  expect(Object.keys(norms).length).toBe(12);
  for (const norm of Object.values(norms)) expect(norm).toBeGreaterThan(0);

  const paragraph = await text(page, '#twins-outcome .paragraph');
  expect(paragraph).toMatch(
    /^2 pairs of twins, one a seed, 2 epochs each: A with learning rate 0\.001, B with 0\.00001;/,
  );
  const rows = await page.$$eval('#twins-outcome tbody tr', (trs) =>
    trs.map((tr) => [...tr.children].map((cell) => cell.textContent ?? '')),
  );
  const [, a, b, difference] = rows.find(([name]) => name === 'validation loss')!;
  expect(Number(a) - Number(b)).toBeCloseTo(Number(difference), 2);
  expect(Number(difference)).toBeLessThan(-0.2);
  expect(await text(page, '#gradient-map .badge')).toBe('healthy');

  // Long enough to be stopped.
  await page.evaluate(() => {
    location.hash = location.hash.replace('epochs=2', 'epochs=500');
  });
  await until(page, '#twins', 'What differs');
  await page.select('#vary', 'augmentation');
  await page.select('#pairs', '1');
  await page.click('#train-beside');
  await until(page, '#place', 'epoch [1-9]\\d* of 500');
  await page.click('#stop');
  await until(page, '#status', 'Stopped after \\d+ steps');
  expect(await page.$('#twins-outcome')).toBeNull();
  expect((await legend('#loss'))['B each step']).toBeGreaterThan(0);
  // An ordinary run is alone again.
  await page.click('#start');
  await until(page, '#place', 'epoch \\d+ of 500');
  await page.waitForFunction(() => document.querySelectorAll('#loss .legend button').length === 3);
  await page.click('#stop');
  await until(page, '#status', 'Stopped after');
  expect(complaints).toEqual([]);
  await page.close();
});
