import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type ElementHandle, type Page, TimeoutError } from 'puppeteer';

/** Longer than any wait, and shorter than a test's timeout, so that a failed test reports what it was waiting for. */
export const patience = 100_000;

/** Milliseconds between two looks at a text. By default Puppeteer looks at every frame, and thereby makes the page draw each of them. */
const polling = 50;

/**
 * Opens the page and waits until it is ready.
 *
 * @param complaints collects the errors and warnings of its console: expect it to be empty at the end.
 */
export async function openPage(url: string, page: Page, complaints: string[]): Promise<void> {
  page.setDefaultTimeout(patience);
  await page.setViewport({ width: 1280, height: 960 });
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  // Leaving a run that is not saved yet opens a confirmation.
  page.on('dialog', (dialog) => dialog.accept());
  await page.goto(url);
  await page.waitForSelector('#start:enabled, [role=alert] h2');
  await seeAll(page);
  await unfoldSettings(page);
}

/** Opens the settings panels, which are folded on a desktop except the first. */
export const unfoldSettings = (page: Page) =>
  page.$$eval('.setup .fold:not([open]) > summary', (all) => {
    for (const summary of all) (summary as HTMLElement).click();
  });

/** Scrolls down to content that is fetched on demand, and up again. */
async function seeAll(page: Page): Promise<void> {
  await page.evaluate(() => document.querySelector('.later')?.scrollIntoView());
  await page.waitForSelector('.later', { hidden: true });
  await page.evaluate(() => scrollTo(0, 0));
}

export const text = (page: Page, selector: string) => page.$eval(selector, (it) => it.textContent ?? '');
export const number = async (page: Page, selector: string) => readFigure(await text(page, selector));

/** Reads a figure as the page shows it: "−0.0123", "4.41 × 10⁻⁵", "94.9 %", which is 0.949. NaN where there is none. */
export function readFigure(text: string): number {
  const [, sign, digits, power = '0', unit] =
    /([−-]?)([\d.]+)(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?( %)?/.exec(text.replaceAll(',', '')) ?? [];
  const exponent = [...power].map((it) => '-0123456789'['⁻⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(it)] ?? it).join('');
  return (sign ? -1 : 1) * Number(`${digits}e${Number(exponent) - (unit ? 2 : 0)}`);
}
/** The experiment in the page's URL, read from the page: Puppeteer's own URL is updated a moment later. */
export const experimentIn = async (page: Page) =>
  new URLSearchParams((await page.evaluate(() => location.hash)).slice(1));

/**
 * Waits until the focused element matches a selector and, where given, has exactly this text. The page moves the focus after it has
 * drawn, so the text that a test waits for may be there before.
 */
export async function untilFocused(page: Page, selector: string, expectedText?: string): Promise<void> {
  const holds = (selector: string, expectedText?: string) => {
    const focused = document.activeElement;
    return !!focused?.matches(selector) && (expectedText === undefined || focused.textContent === expectedText);
  };
  await page.waitForFunction(holds, { polling }, selector, expectedText).catch(async (error: unknown) => {
    if (!(error instanceof TimeoutError)) throw error;
    const found = await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200));
    throw new Error(`the focus never reached ${selector} ${expectedText ?? ''}; it is at ${found}`);
  });
}

/**
 * Clicks an element once it is enabled and has stopped moving. Content that loads late on a busy machine moves the elements below
 * it, and a click at a previously determined position would miss.
 */
export async function press(page: Page, selector: string, options?: { count: number }): Promise<void> {
  await page
    .locator(selector)
    .click(options)
    .catch(async (error: unknown) => {
      if (!(error instanceof TimeoutError)) throw error;
      const found = await page.evaluate((selector) => {
        const element = document.querySelector(selector);
        const box = JSON.stringify(element?.getBoundingClientRect());
        const status = document.querySelector('#status')?.textContent;
        return `${element?.outerHTML.slice(0, 300)} at ${box}; the page is ${document.visibilityState}; status: ${status}`;
      }, selector);
      throw new Error(`${selector} could never be pressed; found: ${found}`);
    });
}

export async function chooseDataset(page: Page, dataset: string): Promise<void> {
  await page.select('#dataset', dataset);
  await page.waitForSelector('#start:enabled');
}

/**
 * Waits until the text of an element matches. On a busy machine a temporary text may never be observed, so wait for a permanent
 * one.
 */
export async function until(page: Page, selector: string, pattern: string): Promise<void> {
  const expected = new RegExp(pattern);
  const holds = (selector: string, pattern: string) =>
    new RegExp(pattern).test(document.querySelector(selector)?.textContent ?? '');
  await page.waitForFunction(holds, { timeout: patience, polling }, selector, pattern).catch(async (error: unknown) => {
    if (!(error instanceof TimeoutError)) throw error;
    const of = (it: string) => page.$eval(it, ({ textContent }) => textContent).catch(() => undefined);
    const found = [selector, '#status', '#place', '#page-error'].map(async (it) => `${it}: ${await of(it)}`);
    throw new Error(`never ${expected} in ${selector}; found:\n${(await Promise.all(found)).join('\n')}`);
  });
}

/** Waits until a run is in the given epoch, counted from 1, or in a later one; the run must be long enough to be stopped. */
export async function untilEpoch(page: Page, epoch: number): Promise<void> {
  const isThere = (epoch: number) =>
    Number(/^epoch (\d+)/.exec(document.querySelector('#place')?.textContent ?? '')?.[1]) >= epoch;
  await page.waitForFunction(isThere, { timeout: patience, polling }, epoch);
}

/**
 * Pauses the next run once its place matches. It is done from within the page, so that a short run is not over before, on however busy
 * a machine.
 */
export const pauseAt = (page: Page, place: string): Promise<void> =>
  page.evaluate((place) => {
    const shown = document.querySelector('#place')!;
    new MutationObserver((_, observer) => {
      if (!new RegExp(place).test(shown.textContent!)) return;
      observer.disconnect();
      document.querySelector<HTMLElement>('#start')!.click();
    }).observe(shown, { subtree: true, childList: true, characterData: true });
  }, place);

/**
 * Keeps a run in progress without computing anything until it is released: what the training thread reads from the GPU is withheld. For
 * tests that look at a page in a run for long, which would otherwise have to share the cores with its training.
 *
 * @returns the function that releases it.
 */
export async function holdRun(page: Page): Promise<() => Promise<void>> {
  const training = page.workers()[0]!;
  await training.evaluate(() => {
    const { mapAsync } = GPUBuffer.prototype;
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    GPUBuffer.prototype.mapAsync = async function (this: GPUBuffer, ...args) {
      await released;
      return mapAsync.apply(this, args);
    };
    const letGo = () => {
      GPUBuffer.prototype.mapAsync = mapAsync;
      release();
    };
    Object.assign(globalThis, { letGo });
  });
  return () => training.evaluate(() => (globalThis as unknown as { letGo: () => void }).letGo());
}

/** Moves the mouse into an element, at a distance in pixels from its left edge, whatever the scroll position. */
export async function point(page: Page, selector: string, left: number): Promise<void> {
  await page.$eval(selector, (it) => it.scrollIntoView({ block: 'center' }));
  const { x, y, height } = (await (await page.$(selector))!.boundingBox())!;
  await page.mouse.move(x + left, y + height / 2);
}

/** Draws a 5 with the mouse in a single line. */
export const drawFive = (page: Page): Promise<void> =>
  draw(page, [
    [0.66, 0.16],
    [0.36, 0.16],
    [0.34, 0.46],
    [0.5, 0.41],
    [0.64, 0.5],
    [0.67, 0.64],
    [0.6, 0.79],
    [0.45, 0.84],
    [0.32, 0.77],
  ]);

/**
 * Draws a line through points, in fractions of the pad. If results arrive meanwhile and move the page, the drawing is erased and
 * drawn again.
 */
export async function draw(page: Page, points: readonly (readonly [right: number, down: number])[]): Promise<void> {
  const pad = (await page.$('#pad'))!;
  for (;;) {
    await pad.evaluate((pad) => pad.scrollIntoView({ block: 'center' }));
    const before = (await pad.boundingBox())!;
    const places = points.map(([right, down]) => [before.x + right * before.width, before.y + down * before.height]);
    await page.mouse.move(places[0]![0]!, places[0]![1]!);
    await page.mouse.down();
    for (const [x, y] of places) await page.mouse.move(x!, y!, { steps: 4 });
    await page.mouse.up();
    const after = (await pad.boundingBox())!;
    const isInView = after.y >= 0 && after.y + after.height <= page.viewport()!.height;
    if (after.x === before.x && after.y === before.y && isInView) return;
    await press(page, '#erase');
  }
}

/** Selects a file in a file input, as a user does. */
export async function upload(page: Page, input: string, path: string): Promise<void> {
  const element = (await page.$(input)) as ElementHandle<HTMLInputElement> | null;
  await element!.uploadFile(path);
}

/** Lets the page's browser download files into a folder. */
export async function downloadInto(page: Page, folder: string): Promise<void> {
  const cdp = await page.createCDPSession();
  await cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder });
}

/** Waits for a file that the browser downloads into a folder. @returns its path. */
export async function downloaded(folder: string, ending: string): Promise<string> {
  const until = Date.now() + patience;
  for (;;) {
    const names = readdirSync(folder);
    const name = names.find((it) => it.endsWith(ending));
    // Chrome reserves the name with an empty file, and writes to another file that it then renames.
    const isWhole = name && !names.some((it) => it.endsWith('.crdownload')) && statSync(join(folder, name)).size > 0;
    if (isWhole) return join(folder, name);
    if (Date.now() > until) throw new Error(`no whole ${ending} file in ${folder}, which has: ${names.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
