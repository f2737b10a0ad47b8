import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { Browser, CDPSession, Page } from 'puppeteer';
import { build } from 'vite';
import { yesOption } from '../../src/cli/adapter_options.ts';
import { launchChrome } from '../../src/cli/chrome.ts';
import { datasetRoutes, knownDatasets } from '../../src/cli/dataset_server.ts';
import { serve } from '../../src/cli/server.ts';
import { experiments } from '../../src/page/features/experiments/experiments.ts';
import type { LessonName } from '../../src/page/features/lessons/lesson.ts';
import { openPage } from '../page/visit.ts';
import { checkLessons, lessons } from './lessons.ts';
import { recordExperiments } from './record.ts';
import { type Frame, type Look, type State, states } from './states.ts';

/** Relative to dist/screenshots, from which this runs. */
const root = fileURLToPath(new URL('../..', import.meta.url));

const screens = [
  { width: 1440, height: 900 },
  { width: 1280, height: 960 },
  { width: 400, height: 860 },
];
const schemes = ['light', 'dark'] as const;
const looks: readonly Look[] = screens.flatMap((screen) => schemes.map((scheme) => ({ ...screen, scheme })));
/** For `--more`. */
const furtherLooks: readonly Look[] = [
  { width: 768, height: 1024, scheme: 'light' },
  { width: 320, height: 700, scheme: 'light' },
  { width: 720, height: 450, scheme: 'light', zoom: 2 },
  { width: 1440, height: 900, scheme: 'dark', forced: true },
];
const nameOf = ({ width, scheme, zoom, forced }: Look): string =>
  [width, zoom ? 'zoomed' : forced ? 'forced' : scheme].join('.');

interface Options {
  out: string;
  docs: boolean;
  more: boolean;
  record: boolean;
  lessons: boolean;
  yes: boolean;
}

/** Takes pictures of the page's main states, each in every variant, with one visit per state: `npm run screenshots`. */
async function takeScreenshots(names: string[], options: Options): Promise<void> {
  const known = options.lessons
    ? Object.keys(lessons)
    : options.record
      ? experiments.map(({ id }) => id)
      : states.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown) throw new Error(`Unknown: ${unknown}; expected: ${known.join(', ')}`);
  const expected = names.length ? states.filter(({ name }) => names.includes(name)) : states;
  mkdirSync(options.out, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-page-'));
  await build({ configFile: join(root, 'vite.config.ts'), mode: 'page', logLevel: 'error', build: { outDir: folder } });
  const server = await serve(folder, datasetRoutes(knownDatasets()));
  const browser = await launchChrome({ adapter: 'software', yes: options.yes });
  try {
    if (options.record) await recordExperiments(browser, server.url, root, names);
    else if (options.lessons)
      await checkLessons(browser, server.url, root, names.length ? (names as LessonName[]) : undefined);
    else
      for (const state of expected) {
        try {
          await takeState(browser, server.url, state, options);
        } catch (error) {
          console.error(`${state.name}: ${(error as Error).message}`);
          process.exitCode = 1;
        }
      }
  } finally {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

async function takeState(browser: Browser, url: string, state: State, { out, docs, more }: Options): Promise<void> {
  const page = await browser.newPage();
  await show(page, (state.looks ?? looks)[0]!);
  await state.before?.(page);
  try {
    await openPage(`${url}${state.address}`, page, []);
    await state.reach?.(page);
  } catch (error) {
    // The other states are still captured, and this picture shows what was there instead.
    writeFileSync(join(out, `${state.name}-not-reached.png`), await page.screenshot());
    await page.close();
    throw error;
  }
  for (const look of state.looks ?? (more ? furtherLooks : looks)) {
    await show(page, look);
    for (const [part, frame] of Object.entries(state.frames)) {
      const file = join(out, `${state.name}${part && `-${part}`}.${nameOf(look)}.png`);
      writeFileSync(file, await picture(page, look, frame));
      console.log(file);
    }
  }
  await page.close();
  if (!docs) return;
  for (const [to, from] of Object.entries(state.docs ?? {})) {
    copyFileSync(join(out, from), join(root, 'docs', to));
    console.log(join('docs', to));
  }
}

/** Puppeteer does not support forced colors, and the emulation ends with its session. */
const sessions = new WeakMap<Page, CDPSession>();

/** Makes pixels reproducible: one screen pixel per picture pixel unless zoomed, and no animations. */
async function show(page: Page, { width, height, scheme, zoom = 1, forced = false }: Look): Promise<void> {
  await page.setViewport({ width, height, deviceScaleFactor: zoom });
  const session = sessions.get(page) ?? (await page.createCDPSession());
  sessions.set(page, session);
  await session.send('Emulation.setEmulatedMedia', {
    features: [
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
      { name: 'forced-colors', value: forced ? 'active' : 'none' },
    ],
  });
  await page.evaluate(async () => {
    scrollTo(0, 0);
    // Redrawing for another width or color scheme happens in a frame, and may cause more in the next.
    for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
  });
}

async function picture(page: Page, look: Look, frame: Frame): Promise<Uint8Array> {
  if (frame === 'screen') return page.screenshot();
  // Chrome omits parts that it hasn't painted yet, so the screen is made as high as the page.
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await show(page, { ...look, height });
  const clip =
    frame === 'whole'
      ? undefined
      : typeof frame === 'number'
        ? { x: 0, y: 0, width: look.width, height: frame }
        : ((await (await page.$(frame))?.boundingBox()) ?? undefined);
  const taken = await page.screenshot({ ...(clip && { clip }), captureBeyondViewport: false });
  await show(page, look);
  return taken;
}

await new Command('screenshots')
  .description('Takes pictures of the main states of the page: light and dark, on a desk and on a phone.')
  .argument('[state...]', `some of: ${states.map(({ name }) => name).join(', ')}`)
  .option('--out <folder>', 'where they go', join(root, 'dist/screenshots/pictures'))
  .addOption(yesOption())
  .option('--docs', 'refresh the pictures of docs with them', false)
  .option('--more', 'instead, at 768 and 320 pixels, zoomed to 200 %, and in forced colors', false)
  .option(
    '--record',
    'instead of pictures, train the experiments of the gallery and write their thumbnails and the sample run',
    false,
  )
  .option(
    '--lessons',
    'instead of pictures, train the experiments of the lessons (of all, or of those that are named), write what came of them, and compare it with what the lessons say',
    false,
  )
  .action(takeScreenshots)
  .parseAsync();
