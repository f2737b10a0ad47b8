import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import type { Page } from 'puppeteer';
import { type FakeCamera, fakeCamera } from '../page/fake_camera.ts';
import { drawFive, press, until, untilEpoch } from '../page/visit.ts';

/** The first screen, the page from its top to its end or to a height in pixels, or one of its panels. */
export type Frame = 'screen' | 'whole' | number | `#${string}`;

/** A window, and the user's settings. */
export interface Look {
  width: number;
  height: number;
  scheme: 'light' | 'dark';
  /** Screen pixels per CSS pixel: a browser's zoom leaves fewer CSS pixels. */
  zoom?: number;
  /** Windows' contrast themes. */
  forced?: boolean;
}

/** A state of the page to be reviewed. */
export interface State {
  name: string;
  /** The experiment in the URL. */
  address: string;
  /** Runs before the page is opened. */
  before?: (page: Page) => Promise<unknown>;
  /** Takes the opened page to the state. */
  reach?: (page: Page) => Promise<unknown>;
  /** The parts that are captured, by the suffix that is appended to the state's file name. */
  frames: Record<string, Frame>;
  /** Pictures used in the documentation, relative to docs, and the frame of each. */
  docs?: Record<string, string>;
  /** Instead of the usual variants. */
  looks?: readonly Look[];
}

const done = (page: Page) => until(page, '#status', 'Done in');
const samplesShown = (page: Page) => page.waitForSelector('.samples button');

const ops = JSON.stringify([
  { type: 'randomAffine', degrees: 10, translate: [0.1, 0.1], scale: [0.9, 1.1] },
  { type: 'elasticTransform', alpha: 20, sigma: 4 },
  { type: 'randomErasing' },
]);

/** The second window is larger than the first layer's output. */
const misfit = JSON.stringify({
  layers: [
    { type: 'conv2d', filters: 8, kernelSize: 3, strides: 3, activation: 'relu' },
    { type: 'conv2d', filters: 8, kernelSize: 11, activation: 'relu' },
    { type: 'flatten' },
    { type: 'dense', units: 10, activation: 'softmax' },
  ],
});

const sigmoids = '#dataset=mnist&model=deep-sigmoid&epochs=4&train-samples=4800&test-samples=1000';

/** Sixty pictures of a bar, and a table with its height. */
function picturesWithNumbers(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-numbers-'));
  const side = 12;
  const rows = ['file,height'];
  const paths = Array.from({ length: 60 }, (_, i) => {
    const height = (7 * i) % 12;
    const data = new Uint8Array(side * side);
    for (let y = 0; y < height; y++)
      data.fill(200 + (i % 5) * 10, (side - 1 - y) * side + 4, (side - 1 - y) * side + 8);
    rows.push(`${i}.png,${height}`);
    const path = join(folder, `${i}.png`);
    writeFileSync(path, encode({ width: side, height: side, data, channels: 1, depth: 8 }));
    return path;
  });
  const table = join(folder, 'labels.csv');
  writeFileSync(table, rows.join('\n'));
  return [...paths, table];
}

/** The states, beginning with a first visit. */
export const states: readonly State[] = [
  { name: 'first-visit', address: '', reach: samplesShown, frames: { '': 'screen', whole: 'whole' } },
  // A new user's first minute, including the preceding state.
  {
    name: 'minute-2-two-networks',
    address: '',
    reach: async (page) => {
      await press(page, '#experiment-sigmoid-or-relu');
      await until(page, '#status', 'Compared');
    },
    frames: { '': 'screen' },
  },
  {
    name: 'minute-3-a-digit',
    address: '',
    reach: async (page) => {
      await press(page, '#experiment-digit');
      await done(page);
      await press(page, '#next-step');
      await drawFive(page);
      await page.waitForSelector('#probabilities .best');
    },
    frames: { '': 'screen', try: '#try' },
  },
  {
    name: 'try-while-training',
    address: '#dataset=digits&augment=none&epochs=400',
    reach: async (page) => {
      await press(page, '#start');
      await untilEpoch(page, 8);
      await press(page, '#open-try');
      await drawFive(page);
      await page.waitForSelector('#probabilities .best');
    },
    frames: { '': 'screen' },
  },
  {
    // 1200 x 630 pixels, which messengers and networks show beside a link to the page.
    name: 'link-preview',
    address: '?embed',
    reach: async (page) => {
      await page.waitForSelector('#gradient-map .badge');
      await page.evaluate(() => {
        // The page's security policy forbids style elements, but not style sheets that a script constructs.
        const style = new CSSStyleSheet();
        style.replaceSync(
          'main > :not(#gradients), #gradients > .panel-head, .run-strips, .map-foot, caption { display: none !important }' +
            'body, #gradients { border: 0; background: var(--panel) }' +
            'h1 { font-size: 38px; line-height: 1.2 } #gradients > p { margin: 0 0 10px; font-size: 17px; color: var(--muted) }',
        );
        document.adoptedStyleSheets.push(style);
        const title = document.createElement('h1');
        title.textContent = 'Watch gradients vanish.';
        const line = document.createElement('p');
        line.textContent = 'Ten sigmoid layers, trained in your browser: the error does not reach the first six.';
        document.querySelector('#gradients')!.prepend(title, line);
      });
    },
    frames: { '': 'screen' },
    docs: { '../src/page/public/preview.png': 'link-preview.800.zoomed.png' },
    looks: [{ width: 800, height: 420, scheme: 'light', zoom: 1.5 }],
  },
  {
    name: 'branches',
    address: '#dataset=digits&model=resnet8&augment=none&epochs=1',
    reach: async (page) => {
      await press(page, '#start');
      await done(page);
    },
    frames: { network: '#network' },
  },
  {
    name: 'training',
    address: sigmoids,
    reach: async (page) => {
      await samplesShown(page);
      await press(page, '#start');
      await untilEpoch(page, 3);
    },
    frames: { '': 'screen' },
  },
  {
    name: 'vanishing',
    address: sigmoids,
    reach: async (page) => {
      await samplesShown(page);
      await press(page, '#start');
      await done(page);
    },
    frames: { '': 1104, gradients: '#gradients', whole: 'whole' },
    docs: { 'page.png': 'vanishing.1440.light.png' },
  },
  {
    name: 'exploding',
    address: '#dataset=digits&model=exploding-relu&epochs=4',
    reach: async (page) => {
      await press(page, '#start');
      await done(page);
    },
    frames: { gradients: '#gradients' },
  },
  {
    name: 'remedy-as-twin',
    address: '#dataset=digits&augment=none&model=deep-sigmoid&epochs=5',
    reach: async (page) => {
      await press(page, '#start');
      await done(page);
      await press(page, '#remedy-as-twin');
      await until(page, '#status', 'Compared');
    },
    frames: { '': 'screen' },
  },
  {
    name: 'healthy',
    address: '#dataset=digits&epochs=4',
    reach: async (page) => {
      await press(page, '#start');
      await done(page);
    },
    frames: { gradients: '#gradients' },
  },
  {
    name: 'results',
    address: '#dataset=mnist&epochs=2&train-samples=3200&test-samples=1000',
    reach: async (page) => {
      await press(page, '#start');
      await done(page);
      await page.waitForSelector('#results canvas');
      await press(page, '.confusion .miss .cell');
      await page.waitForSelector('#cell canvas');
      await press(page, '#cell .mistakes button');
      await page.waitForSelector('.outputs canvas');
      await press(page, '#time');
      await page.waitForSelector('.dispatches');
    },
    frames: { '': '#results', try: '#try', epochs: '#epochs-panel', profile: '#profile', whole: 'whole' },
  },
  {
    name: 'augmentation',
    address: `#dataset=fashion-mnist&augment=${encodeURIComponent(ops)}`,
    reach: async (page) => {
      await samplesShown(page);
      await page.focus('[data-place="1 2"]');
    },
    frames: { '': '#augmentation', data: '#data' },
  },
  {
    name: 'misfit',
    address: '#dataset=mnist',
    reach: async (page) => {
      await samplesShown(page);
      await page.evaluate(
        (hash) => {
          location.hash = hash;
        },
        `#dataset=mnist&model=${encodeURIComponent(misfit)}`,
      );
      await page.waitForSelector('#layer-error');
    },
    frames: { '': 'screen', model: '#model-panel' },
  },
  {
    name: 'twins',
    address: '#dataset=digits&model=deep-sigmoid&epochs=3',
    reach: async (page) => {
      await page.select('#vary', 'model');
      await page.select('#twin-b', 'five-relu');
      await page.select('#pairs', '2');
      await press(page, '#train-twins');
      await page.waitForSelector('#twins-outcome');
    },
    frames: { '': '#twins', training: '#training', gradients: '#gradients', map: '#gradient-map' },
    docs: { 'twins.png': 'twins-map.1280.light.png' },
  },
  { name: 'lesson', address: '#lesson=sigmoid', frames: { '': 'screen' } },
  {
    name: 'lesson-answered',
    address: '#lesson=batch-norm',
    reach: async (page) => {
      await press(page, '.lesson-question label:nth-of-type(1) input');
      await press(page, '#lesson-train');
      await until(page, '#status', 'Compared');
    },
    frames: { '': 'screen', lesson: '#lesson' },
  },
  {
    name: 'lesson-faults',
    address: `#lesson=${encodeURIComponent('{"title":"<b>Mine</b>","steps":[{"titel":"One","text":"Two plus two is <i>four</i>.","experiment":"dataset=digits&epochs=none"}]}')}`,
    reach: (page) => press(page, '#lesson-faults summary'),
    frames: { lesson: '#lesson' },
  },
  {
    name: 'quiz',
    address: '#quiz=on&dataset=digits&augment=none&model=deep-sigmoid&epochs=2',
    reach: async (page) => {
      await press(page, '#start');
      await done(page);
      await page.select('.guess', 'vanishing');
    },
    frames: { '': 'screen', map: '#gradients' },
  },
  {
    name: 'quiz-checked',
    address: '#quiz=on&dataset=digits&augment=none&model=deep-sigmoid&epochs=2',
    reach: async (page) => {
      await press(page, '#start');
      await done(page);
      await page.select('tr:nth-child(1) .guess', 'vanishing');
      await page.select('tr:nth-child(8) .guess', 'vanishing');
      await press(page, '#check-guesses');
    },
    frames: { map: '#gradients' },
  },
  {
    name: 'sample',
    address: '#dataset=digits&augment=none&epochs=2&seed=4',
    reach: async (page) => {
      await press(page, '#start');
      await done(page);
      await press(page, '#follow-sample');
      await page.waitForSelector('.sample-way');
      for (let stage = 0; stage < 11; stage++) await page.$eval('#next-stage', (it) => (it as HTMLElement).click());
      await page.waitForSelector('#unit-delta');
      await page.$eval('#next-image', (it) => (it as HTMLElement).click());
      await page.waitForSelector('#show-saliency');
      await page.$eval('#show-saliency', (it) => (it as HTMLElement).click());
      await page.waitForSelector('.saliency-shown canvas');
      await page.$eval('#time', (it) => (it as HTMLElement).click());
      await page.waitForSelector('button.dispatch');
      await page.$eval('button.dispatch', (it) => (it as HTMLElement).click());
    },
    frames: { '': '#sample', try: '#try', profile: '#profile' },
  },
  {
    name: 'embedded',
    address: '?embed#dataset=digits&augment=none&model=deep-sigmoid&epochs=2',
    reach: async (page) => {
      await press(page, '#start');
      await done(page);
    },
    frames: { '': 'screen' },
  },
  {
    name: 'runs',
    address: '#dataset=digits&augment=none&model=five-relu&epochs=6',
    reach: async (page) => {
      for (const change of ['five-relu', 'five-relu&seed=3', 'deep-sigmoid-shortcuts']) {
        await page.evaluate((hash) => {
          location.hash = hash;
        }, `#dataset=digits&augment=none&epochs=6&model=${change}`);
        await press(page, '#start');
        await done(page);
      }
      await until(page, '#kept-runs tbody tr:first-child', '^deep-sigmoid-shortcuts');
      await page.waitForSelector('#kept-runs tbody tr:nth-child(3)');
      for (const place of [1, 2, 3])
        await page.$eval(`#kept-runs tbody tr:nth-child(${place}) .compared input`, (it) =>
          (it as HTMLElement).click(),
        );
      await page.waitForSelector('#compared-runs polyline');
    },
    frames: { '': '#runs' },
  },
  {
    // These come before the states that leave images in the browser.
    name: 'own-images',
    address: '#dataset=own',
    reach: (page) => page.waitForSelector('#page-error h2'),
    frames: { '': 'screen' },
  },
  {
    name: 'regression',
    address: '#dataset=digits&augment=none&epochs=20',
    reach: async (page) => {
      await (await page.waitForSelector<'input'>('#own-files' as 'input'))!.uploadFile(...picturesWithNumbers());
      await until(page, '#status', 'images of your own');
      await press(page, '#start');
      await done(page);
      await page.waitForSelector('.scatter .points');
      await press(page, '#next-image');
      await page.waitForSelector('#predicted');
    },
    frames: { '': '#results', data: '#data', try: '#try', epochs: '#epochs-panel', training: '#training' },
  },
  {
    name: 'webcam',
    address: '#dataset=digits&augment=none&epochs=8',
    before: fakeCamera,
    reach: async (page) => {
      await page.$eval('.own summary', (it) => (it as HTMLElement).click());
      await press(page, '#open-webcam');
      await press(page, '#webcam-view button');
      await until(page, '#webcam-view', 'No webcam was found');
      await page.evaluate(() => {
        (globalThis as unknown as FakeCamera).camera = 'there';
      });
      await press(page, '#webcam-view button');
      await page.waitForFunction(
        () => (document.querySelector<HTMLVideoElement>('#webcam-view video')?.currentTime ?? 0) > 0,
      );
      await page.focus('.webcam-class:nth-child(1) .hold');
      await page.keyboard.down('Space');
      await page.waitForFunction(() => document.querySelectorAll('.webcam-class .taken li').length >= 9);
      await page.keyboard.up('Space');
    },
    frames: { '': '#data' },
  },
  {
    name: 'no-webcam',
    address: '#dataset=digits&augment=none&epochs=8',
    before: fakeCamera,
    reach: async (page) => {
      await page.$eval('.own summary', (it) => (it as HTMLElement).click());
      await press(page, '#open-webcam');
      await press(page, '#webcam-view button');
      await until(page, '#webcam-view', 'No webcam was found');
    },
    frames: { '': '#data' },
  },
  { name: 'refused-address', address: '#dataset=digits&seed=none', frames: { '': 'screen' } },
  {
    name: 'no-webgpu',
    address: '',
    before: (page) =>
      page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined })),
    frames: { '': 'screen' },
  },
  {
    name: 'error',
    address: '#dataset=digits&epochs=40',
    reach: async (page) => {
      await samplesShown(page);
      await press(page, '#start');
      await untilEpoch(page, 3);
      // After a single loss, the GPU is reopened and the run recovers by itself. Therefore this one is lost repeatedly.
      await page.workers()[0]!.evaluate(() => {
        const { createCommandEncoder } = GPUDevice.prototype;
        GPUDevice.prototype.createCommandEncoder = function (this: GPUDevice, ...args) {
          this.destroy();
          return createCommandEncoder.apply(this, args);
        };
      });
      await page.waitForSelector('#resume');
    },
    frames: { '': 'screen' },
  },
];
