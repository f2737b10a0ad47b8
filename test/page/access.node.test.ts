import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { holdRun, openPage, openStudio, press, type Studio, until, untilEpoch } from './studio.ts';

let studio: Studio;
let page: Page;
const complaints: string[] = [];
beforeAll(async () => {
  studio = await openStudio();
});
afterAll(() => studio?.close());
beforeEach(async () => {
  page = await studio.browser.newPage();
  complaints.length = 0;
});
afterEach(async () => {
  expect(complaints).toEqual([]);
  await page.close();
});

/**
 * Findings of axe-core that are serious or worse in the current page, in light and dark, on a desktop and on a phone; and values in its texts
 * that were not there or not converted to text. A color scheme changes nothing but colors, so in dark only the rules about colors are checked.
 */
async function barriers(): Promise<string[]> {
  const found: string[] = await page.evaluate((): string[] => {
    // One of the settings is about a value that is not a number.
    const shown = document.body.innerText.replaceAll('Stop at the first NaN', '');
    const faults = shown.match(/.*(undefined|NaN|\[object |\bnull\b).*/g);
    return faults ?? [];
  });
  for (const width of [400, 1280]) {
    await page.setViewport({ width, height: 960 });
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      const { violations, passes } = await page.evaluate(
        (only) =>
          (globalThis as unknown as { axe: typeof axe }).axe.run({
            resultTypes: ['violations'],
            selectors: false,
            // Of the rules about colors, this one is stricter than level AA and off by default.
            ...(only && { runOnly: only, rules: { 'color-contrast-enhanced': { enabled: false } } }),
          }),
        scheme === 'dark' ? ['cat.color'] : undefined,
      );
      expect(passes.length).toBeGreaterThan(scheme === 'dark' ? 0 : 10);
      for (const { id, impact, nodes } of violations) {
        if (impact !== 'serious' && impact !== 'critical') continue;
        found.push(...nodes.map(({ html, failureSummary }) => `${width} ${scheme} ${id}: ${html}\n${failureSummary}`));
      }
    }
  }
  return found;
}

async function open(address: string): Promise<void> {
  await openPage(`${await studio.serve()}${address}`, page, complaints);
  await page.evaluate(axe.source);
}

test('no accessibility findings on the first visit, during a run, and after it with everything open', async () => {
  await open('#dataset=digits&epochs=200&train-samples=320');
  await page.waitForSelector('.samples button');
  expect(await barriers()).toEqual([]);

  await press(page, '#start');
  await untilEpoch(page, 2);
  await press(page, '#evaluate');
  await page.waitForSelector('#results canvas');
  const release = await holdRun(page);
  expect(await barriers()).toEqual([]);
  expect(await page.$('#stop:enabled')).not.toBeNull();
  await release();
  await press(page, '#stop');
  await until(page, '#status', 'Stopped after');

  await page.$eval('.mistakes button', (it) => (it as HTMLButtonElement).click());
  await page.waitForSelector('.outputs canvas');
  await press(page, '#time');
  await page.waitForSelector('.dispatches');
  await page.focus('#gradient-map .badge');
  await page.$$eval('details', (all) => {
    for (const each of all) each.open = true;
  });
  await press(page, '#model .layer');
  // A forward pass of a sample, the pixels that affect its prediction, a shader, and the GPU self-test.
  await page.$eval('#follow-sample', (it) => (it as HTMLElement).click());
  await page.waitForSelector('.sample-way');
  await page.$eval('#next-stage', (it) => (it as HTMLElement).click());
  await page.waitForSelector('#unit-sum');
  await page.$eval('#show-saliency', (it) => (it as HTMLElement).click());
  await page.waitForSelector('.saliency-shown canvas');
  await page.$eval('button.dispatch', (it) => (it as HTMLElement).click());
  await page.type('#check-only', 'softmax');
  await page.$eval('#check-gpu', (it) => (it as HTMLElement).click());
  await page.waitForSelector('#checked-kernels');
  expect(await barriers()).toEqual([]);
  // The backward pass.
  await page.waitForFunction(() => {
    if (document.querySelector('#stage-title')?.textContent?.startsWith('Backward')) return true;
    document.querySelector<HTMLElement>('#next-stage')!.click();
    return false;
  });
  expect(await barriers()).toEqual([]);
  expect(await typeSizes()).toEqual(['14px', '18px', '22px']);
});

/** Font sizes of all text; superscripts are smaller by nature. */
const typeSizes = () =>
  page.evaluate(() => {
    const isText = (node: Node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== '';
    const written = [...document.querySelectorAll('body *:not(sup, script, noscript, option)')].filter((element) =>
      [...element.childNodes].some(isText),
    );
    return [...new Set(written.map((element) => getComputedStyle(element).fontSize))].sort();
  });

/** Tabs through all focusable elements, and returns their number and those hidden under the run bar or off screen. */
async function hiddenFocus(back: boolean): Promise<{ stops: number; hidden: string[] }> {
  await page.evaluate(() => {
    const title = document.querySelector('h1')!;
    title.tabIndex = -1;
    title.focus();
  });
  const hidden: string[] = [];
  if (back) await page.keyboard.down('Shift');
  for (let stops = 0; ; stops++) {
    await page.keyboard.press('Tab');
    const found = await page.evaluate(() => {
      const focused = document.activeElement;
      if (!focused || focused === document.body) return undefined;
      const bar = document.querySelector('.run-bar')!;
      // A file input is operated through its visible label.
      const seen = focused.matches('.file') ? focused.nextElementSibling! : focused;
      const { top, bottom, left, right } = seen.getBoundingClientRect();
      const over = bar.getBoundingClientRect();
      // If the run bar is to the side, as on a desktop, or not at the window's top, nothing can be under it.
      const edge = right > over.left && left < over.right && bottom > over.top ? over.bottom : 0;
      const isThere = bar.contains(seen) || (top >= edge - 0.5 && top < innerHeight && bottom > edge);
      const y = (Math.max(top, edge) + Math.min(bottom, innerHeight)) / 2;
      const there = document.elementFromPoint(
        (Math.max(left, 0) + Math.min(right, innerWidth)) / 2,
        bar.contains(seen) ? (top + bottom) / 2 : y,
      );
      const isCovered = bar.contains(there) && !bar.contains(seen);
      return {
        name: `${seen.tagName} ${seen.id} ${seen.textContent?.slice(0, 30)} at ${top}, bar to ${edge}`,
        isThere: isThere && !isCovered,
      };
    });
    // Before the first and after the last element, the focus is in the browser's own UI.
    if (!found && (stops > 0 || !back)) {
      if (back) await page.keyboard.up('Shift');
      return { stops, hidden };
    }
    if (found && !found.isThere) hidden.push(found.name);
  }
}

test('the run bar never covers the focus, and is a single line at any scroll position, also on a phone', async () => {
  await openPage(`${await studio.serve()}#dataset=digits&epochs=2&train-samples=320&model=five-relu`, page, complaints);
  const barHeights = async () => {
    const heights: number[] = [];
    for (const width of [1280, 400, 320]) {
      await page.setViewport({ width, height: 800 });
      await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
      const { top, height, tops, over } = await page.$eval('.run-bar', (bar) => {
        const { top, height } = bar.getBoundingClientRect();
        const tops = [...bar.querySelectorAll('button')].map((it) => it.getBoundingClientRect().top);
        return { top, height, tops, over: bar.scrollWidth - bar.clientWidth };
      });
      expect(top).toBe(0);
      expect(new Set(tops).size).toBe(1);
      expect(over).toBe(0);
      heights.push(height);
    }
    return Math.max(...heights);
  };
  expect(await barHeights()).toBeLessThan(64);
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  expect(await barHeights()).toBeLessThan(64);
  await page.waitForSelector('#results canvas');
  await page.$eval('#augmentation-preset', (it) => {
    (it as HTMLSelectElement).value = 'none';
    it.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await page.waitForSelector('#waiting');
  expect(await barHeights()).toBeLessThan(64);

  for (const [width, back] of [
    [1280, true],
    [1280, false],
    [400, true],
  ] as const) {
    await page.setViewport({ width, height: 800 });
    const { stops, hidden } = await hiddenFocus(back);
    expect(stops).toBeGreaterThan(60);
    expect(hidden).toEqual([]);
  }
  for (const width of [1280, 400]) {
    await page.setViewport({ width, height: 800 });
    await page.focus('.skip');
    await page.keyboard.press('Enter');
    const [bar, outcome] = await page.evaluate(() => [
      document.querySelector('.run-bar')!.getBoundingClientRect().bottom,
      document.querySelector('#network')!.getBoundingClientRect().top,
    ]);
    expect(outcome).toBeGreaterThanOrEqual(bar!);
    expect(outcome).toBeLessThan(bar! + 40);
  }
});

/**
 * Elements that make the page scroll sideways on a narrow phone: they extend beyond its right edge and have no scroll container.
 */
async function tooWide(): Promise<string[]> {
  const before = page.viewport()!;
  await page.setViewport({ width: 320, height: 800 });
  const wide = await page.evaluate(() => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const isHeld = (it: Element) => {
      // A positioned element is clipped only by its containing block.
      let { position } = getComputedStyle(it);
      for (let at = it.parentElement; at && at !== document.body; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (position === 'absolute' && style.position === 'static') continue;
        if (style.overflowX !== 'visible' && at.getBoundingClientRect().right <= innerWidth) return true;
        position = style.position;
      }
      return false;
    };
    const beyond = [...document.querySelectorAll('body *')].filter(
      (it) => it.getBoundingClientRect().right > innerWidth + 1 && !isHeld(it),
    );
    return beyond.slice(-5).map((it) => `${it.tagName} ${it.id} ${it.className}: ${it.textContent}`);
  });
  await page.setViewport(before);
  return wide;
}

test('no findings in a lesson, its question, its answer and a quiz', async () => {
  await open('#lesson=batch-norm');
  expect(await barriers()).toEqual([]);
  await press(page, '.lesson-question label:nth-of-type(1) input');
  await page.waitForSelector('#lesson-train');
  expect(await barriers()).toEqual([]);
  expect(await tooWide()).toEqual([]);
  await page.evaluate(() => {
    location.hash = '#quiz=on&dataset=digits&augment=none&model=deep-sigmoid&epochs=1&train-samples=320';
  });
  await page.reload();
  await page.waitForSelector('#start:enabled');
  await page.evaluate(axe.source);
  await press(page, '#start');
  await until(page, '#status', 'Done in');
  await page.waitForSelector('.guess');
  await page.select('tr:nth-child(1) .guess', 'vanishing');
  await page.select('tr:nth-child(8) .guess', 'vanishing');
  expect(await barriers()).toEqual([]);
  expect(await tooWide()).toEqual([]);
  await press(page, '#check-guesses');
  expect(await barriers()).toEqual([]);
  expect(await tooWide()).toEqual([]);
});

test('the keyboard alone is enough to train, follow a sample and return, also in forced colors', async () => {
  await openPage(`${await studio.serve()}#dataset=digits&epochs=1&train-samples=320&model=five-relu`, page, complaints);
  const session = await page.createCDPSession();
  await session.send('Emulation.setEmulatedMedia', { features: [{ name: 'forced-colors', value: 'active' }] });
  /** Presses Tab until the element has the focus. */
  const tabTo = async (id: string) => {
    await page.waitForSelector(`#${id}:not(:disabled)`);
    // Elements, not their places: panels that are loaded meanwhile move what follows them.
    const seen = await page.evaluateHandle(() => new Set<Element>());
    for (;;) {
      await page.keyboard.press('Tab');
      const { at, isNew } = await page.evaluate((seen) => {
        const focused = document.activeElement!;
        const isNew = !seen.has(focused);
        seen.add(focused);
        return { at: focused.id, isNew };
      }, seen);
      if (at === id) return;
      if (!isNew) throw new Error(`Tab does not reach #${id}`);
    }
  };
  await tabTo('start');
  await page.keyboard.press('Enter');
  await until(page, '#status', 'Done in');
  await tabTo('follow-sample');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.sample-way');
  await tabTo('next-stage');
  await page.keyboard.press('Enter');
  await until(page, '#stage-title', 'Forward');
  await page.waitForSelector('#unit-sum');
  // The current block is marked even with forced colors.
  const current = await page.$eval('.sample-blocks [aria-current]', (it) => {
    const { outlineStyle, borderTopStyle, borderTopColor } = getComputedStyle(it);
    const other = getComputedStyle(document.querySelector('.sample-blocks button:not([aria-current])')!);
    return { isMarked: outlineStyle !== 'none' || borderTopColor !== other.borderTopColor, borderTopStyle };
  });
  expect(current).toMatchObject({ isMarked: true, borderTopStyle: 'solid' });
  const before = await page.$eval('#stage-title', (it) => it.textContent);
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction((before) => document.querySelector('#stage-title')?.textContent !== before, {}, before);
  await tabTo('test-image');
});

test('no findings with twins, a list of ops, a layer that does not fit, or an invalid URL', async () => {
  const ops = encodeURIComponent(JSON.stringify([{ type: 'randomAffine', degrees: 10 }, { type: 'randomErasing' }]));
  await open(`#dataset=digits&model=five-relu&epochs=1&train-samples=64&augment=${ops}`);
  await press(page, '#train-twins');
  await page.waitForSelector('#twins-outcome');
  await page.evaluate(() => {
    location.hash =
      '#dataset=mnist&seed=none&model={"layers":[{"type":"conv2d","filters":4,"kernelSize":31},{"type":"flatten"}]}';
  });
  await page.waitForSelector('#layer-error');
  await until(page, '#cut', 'Shortened for the CPU');
  await page.waitForSelector('#page-error h2');
  expect(await barriers()).toEqual([]);
  expect(await tooWide()).toEqual([]);
});

test('the color scheme changes nothing but the values of colors', () => {
  const page = new URL('../../src/page/', import.meta.url).pathname;
  const styles = readdirSync(page, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.css'));
  const dark = styles.flatMap((name) => [
    ...readFileSync(join(page, name), 'utf8').matchAll(/@media[^{]*prefers-color-scheme[^{]*\{(.*?)\n\}/gs),
  ]);
  expect(dark.length).toBeGreaterThan(1);
  for (const [, rules] of dark)
    expect(rules!.replaceAll(/--[\w-]+: #\w{6};/g, '').replaceAll(/\s/g, '')).toBe(':root{}');
});

test('no findings without WebGPU', async () => {
  await page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined }));
  await open('');
  expect(await barriers()).toEqual([]);
});
