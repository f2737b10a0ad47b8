import type { Page } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage, openStudio, patience, press, type Studio, text, until } from './studio.ts';

/** No run that the page has reported as saved is lost. */

let studio: Studio;
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio?.close());

const experiment = '#dataset=digits&augment=none&model=five-relu&epochs=1&train-samples=64&test-samples=16';

const filesOf = (page: Page) =>
  page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs', { create: true });
    const names: string[] = [];
    for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
    return names.sort();
  });

/** Copies the only saved run, as if it had been trained the given number of days earlier. */
const copyRun = (page: Page, days: number) =>
  page.evaluate(async (days) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
    const names: string[] = [];
    for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name);
    const id = names.find((name) => name.endsWith('.json'))!.slice(0, -5);
    const read = async (name: string) => (await folder.getFileHandle(name)).getFile();
    const write = async (name: string, part: Blob | string) => {
      const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
      await stream.write(part);
      await stream.close();
    };
    const run = await read(`${id}.wgrad`);
    const facts = JSON.parse(await (await read(`${id}.json`)).text());
    for (let day = 1; day <= days; day++) {
      await write(`copy-${day}.wgrad`, run);
      await write(`copy-${day}.json`, JSON.stringify({ ...facts, date: facts.date - day * 86_400_000 }));
    }
  }, days);

async function train(page: Page): Promise<void> {
  await page.waitForSelector('#start:enabled');
  await press(page, '#start');
  await until(page, '#status', 'Done in');
}

const rows = (page: Page) => page.$$eval('#kept-runs tbody tr', (all) => all.length);
/** A background tab draws no frames, so it can't poll in them. */
const untilRows = (page: Page, count: number) =>
  page.waitForFunction(
    (count) => document.querySelectorAll('#kept-runs tbody tr').length === count,
    { polling: 100 },
    count,
  );
const isGuarded = (page: Page) => page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));

test('twenty runs and a reload; a full disk; two tabs; a tab that is killed while it writes', async () => {
  const url = await studio.serve();
  const complaints: string[] = [];
  const page = await studio.browser.newPage();
  await openPage(url + experiment, page, complaints);
  await train(page);
  await untilRows(page, 1);
  // A second run that differs in its seed: how it differs, and both validations overlaid.
  await page.evaluate(() => {
    location.hash = `${location.hash}&seed=3`;
  });
  await train(page);
  await untilRows(page, 2);
  const differences = await page.$$eval('#kept-runs .difference', (all) => all.map((it) => it.textContent));
  expect(differences).toEqual(['changed: seed 3', '']);
  expect(await page.$('#compared-runs')).toBeNull();
  for (const place of [1, 2]) await page.click(`#kept-runs tbody tr:nth-child(${place}) .compared input`);
  const lines = await page.$$eval('#compared-runs figure', (all) =>
    all.map((it) => [...it.querySelectorAll('polyline')].map((line) => line.getAttribute('points'))),
  );
  expect(lines.map((each) => each.length)).toEqual([2, 2]);
  expect(new Set(lines[0]).size).toBe(2);
  expect(await page.$eval('#compared-runs figure:last-child svg', (it) => it.ariaLabel)).toMatch(
    /^Validation accuracy by epoch; at the end five-relu on Digits \d+\.\d %, five-relu on Digits \d+\.\d %$/,
  );
  await press(page, '#kept-runs tbody tr:first-child [aria-label^=Delete]');
  await untilRows(page, 1);
  expect(await page.$$('#compared-runs figure:first-child polyline')).toHaveLength(1);
  await copyRun(page, 24);
  // The next run is saved, and the oldest are deleted until there are twenty.
  await press(page, '#start');
  await untilRows(page, 20);
  const kept = await filesOf(page);
  expect(kept).toHaveLength(40);
  expect(kept).not.toContain('copy-19.wgrad');
  expect(kept).toContain('copy-18.wgrad');
  await page.reload();
  await until(page, '#last-run', 'five-relu on');
  await page.evaluate(() => document.querySelector('.later')?.scrollIntoView());
  await page.waitForSelector('#kept-runs');
  expect(await rows(page)).toBe(20);
  await press(page, '#kept-runs tbody tr:last-child button');
  await until(page, '#status', 'Loaded five-relu on');

  // If the disk is full, the oldest are deleted to make room; the new one and the others are kept.
  await page.evaluate(() => {
    const { close } = FileSystemWritableFileStream.prototype;
    FileSystemWritableFileStream.prototype.close = async function () {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('runs');
      let files = 0;
      for await (const _ of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) files++;
      if (files > 30) throw new DOMException('full', 'QuotaExceededError');
      return close.call(this);
    };
  });
  await train(page);
  await page.waitForFunction(() => dispatchEvent(new Event('beforeunload', { cancelable: true })));
  const left = await rows(page);
  expect(left).toBeGreaterThan(12);
  expect(left).toBeLessThan(16); // Two files each.
  expect((await filesOf(page)).filter((name) => name.endsWith('.json'))).toHaveLength(left);

  // Another tab saves one more and sees this one's runs; what it deletes is gone here, too.
  const other = await studio.browser.newPage();
  await openPage(url + experiment, other, complaints);
  await train(other);
  for (const tab of [page, other]) await untilRows(tab, left + 1);
  // The second one in the list is the first tab's.
  await press(other, '#kept-runs tbody tr:nth-child(2) [aria-label^=Delete]');
  await untilRows(page, left);
  expect(await isGuarded(page)).toBe(true);
  expect(await isGuarded(other)).toBe(false);

  // A tab that is killed during a write leaves the existing runs intact, and no run that can't be opened.
  const before = await filesOf(other);
  await other.evaluate(() => {
    FileSystemWritableFileStream.prototype.close = () => {
      document.title = 'writing';
      return new Promise(() => undefined);
    };
  });
  await press(other, '#start');
  await other.waitForFunction(() => document.title === 'writing');
  await other.close({ runBeforeUnload: false });
  await page.close({ runBeforeUnload: false });
  const next = await studio.browser.newPage();
  await openPage(url, next, complaints);
  await until(next, '#last-run', 'five-relu on');
  expect(await rows(next)).toBe(left);
  expect(await filesOf(next)).toEqual(expect.arrayContaining(before));
  await press(next, '#open-last');
  await until(next, '#status', 'Loaded five-relu on');
  expect(complaints).toEqual([]);
  await next.close();
});

test('if the thread fails, nothing waits forever: the page says so, and saved runs can be opened', async () => {
  const url = await studio.serve();
  const page = await studio.browser.newPage();
  page.setDefaultTimeout(patience);
  await page.evaluateOnNewDocument(() => {
    const Native = Worker;
    globalThis.Worker = class extends Native {
      constructor(...args: ConstructorParameters<typeof Native>) {
        super(...args);
        (globalThis as unknown as { thread: Worker }).thread = this;
      }
    };
  });
  await openPage(url + experiment, page, []);
  await train(page);
  await page.waitForSelector('#kept-runs');
  await page.evaluate(() => {
    const { thread } = globalThis as unknown as { thread: Worker };
    thread.terminate();
    thread.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
  });
  await until(page, '[role=alert]', 'The thread that trains has failed.*out of memory');
  // When asked again, it does not wait.
  await press(page, '#start');
  await until(page, '#status', 'The run ended with an error after 0 steps');
  expect(await text(page, '#start')).toBe('Train');
  await page.reload();
  await press(page, '#open-last');
  await until(page, '#status', 'Loaded five-relu on');
  await page.close();
});
