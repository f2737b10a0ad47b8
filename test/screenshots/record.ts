import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'puppeteer';
import { readDatasets } from '../../src/cli/datasets.ts';
import { parseRun, type SavedRun } from '../../src/index.ts';
import { experiments, thumbnails as recorded } from '../../src/page/features/experiments/experiments.ts';
import type { Thumbnail } from '../../src/page/features/experiments/recorded.ts';
import { downloaded, downloadInto, openPage, press } from '../page/visit.ts';
import { costOf, recordedOf, smallMapOf } from './recording.ts';

/**
 * Trains the gallery's experiments on the page itself, all of them or the named ones, and writes their thumbnails and the sample run into
 * the sources.
 */
export async function recordExperiments(
  browser: Browser,
  url: string,
  root: string,
  names: readonly string[],
): Promise<void> {
  const folder = join(root, 'src/page/features/experiments');
  const thumbnails: Record<string, Thumbnail> = names.length ? { ...(recorded as Record<string, Thumbnail>) } : {};
  /** Runs by their parameters, because several experiments begin with the same network. */
  const runs = new Map<string, SavedRun>();
  for (const { id, parameters } of experiments.filter(({ id }) => !names.length || names.includes(id))) {
    const [alone, twin] = parameters.split('&twin=model:');
    const trained: SavedRun[] = [];
    for (const each of twin ? [alone!, alone!.replace(/&model=[^&]*/, `&model=${twin}`)] : [alone!]) {
      if (!runs.has(each)) runs.set(each, await trainedRun(browser, `${url}#${each}`));
      trained.push(runs.get(each)!);
    }
    const [a, b] = trained as [SavedRun, SavedRun?];
    thumbnails[id] = { a: smallMapOf(a), ...(b && { b: smallMapOf(b) }), ...costOf(trained) };
    console.log(`recorded ${id}`);
  }
  const write = (name: string, what: unknown) =>
    writeFileSync(join(folder, name), `${JSON.stringify(what, null, 2)}\n`);
  write('thumbnails.json', thumbnails);
  const sample = runs.get(experiments[0]!.parameters);
  if (sample) write('sample.json', recordedOf(sample, (await readDatasets('digits')).test));
}

/** Trains an experiment from its link, and reads the run file that the page saves. */
async function trainedRun(browser: Browser, address: string): Promise<SavedRun> {
  const downloads = mkdtempSync(join(tmpdir(), 'wgrad-record-'));
  const page = await browser.newPage();
  try {
    await openPage(address, page, []);
    page.setDefaultTimeout(600_000);
    await downloadInto(page, downloads);
    await press(page, '#start');
    await page.waitForFunction(() => /Done in/.test(document.querySelector('#status')?.textContent ?? ''));
    await press(page, '#save');
    return parseRun(new Uint8Array(readFileSync(await downloaded(downloads, '.wgrad'))));
  } finally {
    await page.close();
    rmSync(downloads, { recursive: true });
  }
}
