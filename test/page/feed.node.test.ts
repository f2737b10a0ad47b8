import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectNoLong, sentenceOf, tasksDuring } from './main_thread.ts';
import { openStudio, patience, point, type Studio, text, until } from './studio.ts';

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio(new URL('./feed', import.meta.url).pathname);
});
afterAll(() => studio?.close());

const steps = 20_000;
const bundle = 100;
const megabyte = 2 ** 20;

test("twenty thousand steps of eleven layers: memory stays constant, and the page's work is printed", async () => {
  const page = await studio.browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.setDefaultTimeout(patience);
  await page.setViewport({ width: 1280, height: 960 });
  await page.goto(await studio.serve());
  await page.waitForSelector('#gradient-map');
  const cdp = await page.createCDPSession();
  const memory = async () => {
    await cdp.send('HeapProfiler.collectGarbage');
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    return { heap: usedSize, nodes: await page.evaluate(() => document.querySelectorAll('*').length) };
  };
  /** Feeds events up to a step, scrolling up and down meanwhile. @returns ms between frames. */
  const feedTo = (end: number, from: number) =>
    page.evaluate(
      async (from, end, bundle) => {
        const { feed } = globalThis as unknown as { feed: (count: number) => void };
        const gaps: number[] = [];
        let last = performance.now();
        for (let step = from; step < end; step += bundle) {
          feed(bundle);
          // Two frames per bundle: one displays the events, both scroll.
          for (let i = 0; i < 2; i++) {
            const now = await new Promise<number>(requestAnimationFrame);
            gaps.push(now - last);
            last = now;
            scrollBy(0, Math.floor(step / 2000) % 2 ? -40 : 40);
          }
        }
        return gaps;
      },
      from,
      end,
      bundle,
    );

  const gaps = await feedTo(steps / 4, 0);
  const early = await memory();
  const tasks = await tasksDuring(page, async () => {
    gaps.push(...(await feedTo(steps, steps / 4)));
  });
  const late = await memory();
  expect(await text(page, '#place')).toBe('epoch 20 of 20, step 1,000 of 1,000 · 0:00 left');
  expect(await text(page, '#gradient-map .at')).toBe('step 20,000');

  const sorted = gaps.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(0);
  console.log(
    `${steps} steps: heap ${(early.heap / megabyte).toFixed(1)} MiB after ${steps / 4}, ` +
      `${(late.heap / megabyte).toFixed(1)} MiB after all; from frame to frame ${at(0.5)} ms, at the 95th percentile ` +
      `${at(0.95)} ms. Of the last ${steps - steps / 4}: ${sentenceOf(tasks)}`,
  );
  // Only the plain records of a saved run accumulate: half a kilobyte per step. With health it would be ten.
  expect(late.heap - early.heap).toBeLessThan(0.75 * steps * 1024);
  expect(late.nodes - early.nodes).toBeLessThan(1000);
  expectNoLong(tasks);

  // The step that the user points at determines all figures, even if a row covers several steps.
  const shown = async () => ({
    at: await page.$$eval('#gradients .at', (all) => [...new Set(all.map((it) => it.textContent))]),
    verdict: await text(page, '#gradient-map .badge'),
    title: await text(page, '#layer-detail-title'),
    reason: await text(page, '#layer-detail .facts'),
  });
  const last = await shown();
  expect(last).toMatchObject({ at: ['step 20,000'], verdict: 'vanishing', title: 'densevanishing' });
  expect(last.reason).toMatch(/^Vanishing since step 4,500\. At step 20,000, only /);
  const width = await page.$eval('#gradient-map .strip', (it) => it.getBoundingClientRect().width);
  await point(page, '#gradient-map .strip', 0.2 * width);
  await until(page, '#norms .at', '^step [34],\\d{3}$');
  const before = await shown();
  expect(before.at).toHaveLength(1);
  expect(before).toMatchObject({ verdict: 'healthy', title: 'densehealthy' });
  expect(before.reason).toMatch(new RegExp(`^Healthy since step 1\\. At ${before.at[0]}, about `));
  await page.mouse.move(0, 0);
  await until(page, '#gradient-map .badge', 'vanishing');
  expect(await shown()).toEqual(last);
  expect(complaints).toEqual([]);
  await page.close();
});
