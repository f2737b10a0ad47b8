import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encode } from 'fast-png';
import type { AdapterOptions } from '../../src/cli/adapter_options.ts';
import { readParts } from '../../src/cli/datasets.ts';
import { table } from '../../src/cli/tables.ts';
import { withSession } from '../../src/cli/with_session.ts';
import { count, figure, fixed } from '../../src/figures.ts';
import { uniforms } from '../../src/model/initializers.ts';
import type { BenchPage } from './protocol.ts';

export interface ReadingOptions extends AdapterOptions {
  /** Number of PNGs of 28 x 28. */
  pngs: number;
  /** Number of JPEGs of 640 x 480. */
  jpegs: number;
  json?: string;
}

/** How fast pictures of one kind are read, in images a second. */
export interface Reading {
  pictures: string;
  images: number;
  /** Width and height of the images that they become. */
  side: number;
  /** Seconds of `wgrad data inspect`, and of training before the first step, including the start of Chrome. */
  seconds: number;
  wgrad: number;
  /** The same without the start of Chrome, which is taken to be the time for a few pictures. */
  wgradAlone: number;
  /** undefined without python3 and Pillow. */
  pillow?: { version: string; rate: number };
}

/** Number of different pictures of each kind. The others are copies, because drawing takes longer than reading. */
const mostDrawn = 100;
const classes = ['a', 'b'];
const jpegShape = [480, 640, 3];

/** `wgrad bench --data`: measures how fast pictures are read, compared with Pillow on the same cores. */
export async function benchReading(options: ReadingOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-pictures-'));
  const { pngs, jpegs, json, ...adapter } = options;
  try {
    const jpeg = jpegs > 0 ? await drawnJpegs(Math.min(jpegs, mostDrawn), adapter) : [];
    const png = Array.from({ length: Math.min(pngs, mostDrawn) }, (_, i) => digitLike(i));
    const all: Reading[] = [];
    for (const [pictures, drawn, images, side] of [
      ['PNG, 28 x 28, gray', png, pngs, 28],
      ['JPEG, 640 x 480', jpeg, jpegs, 32],
    ] as const) {
      if (images === 0) continue;
      const [few, many] = [classes.length * 2, images].map((n) => {
        const inside = join(folder, `${all.length} ${n}`);
        writePictures(inside, drawn, n);
        return inside;
      }) as [string, string];
      console.error(`reading ${count(images)} pictures: ${pictures}`);
      const start = await secondsOf(few, side, adapter);
      const seconds = await secondsOf(many, side, adapter);
      const pillow = await pillowRate(many, side);
      const wgradAlone = images / Math.max(seconds - start, 1e-3);
      all.push({ pictures, images, side, seconds, wgrad: images / seconds, wgradAlone, ...(pillow && { pillow }) });
    }
    console.log(readingTable(all));
    if (all.some(({ pillow }) => !pillow))
      console.log(
        'pillow   left out: it takes python3 with Pillow and NumPy; type: sudo apt-get install python3-pil python3-numpy',
      );
    if (json) {
      writeFileSync(json, `${JSON.stringify({ cores: availableParallelism(), readings: all })}\n`);
      console.log(`written  ${json}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function readingTable(all: readonly Reading[]): string {
  return table(
    [
      'pictures',
      'images',
      'wgrad images/s',
      'without the start',
      `Pillow images/s, ${availableParallelism()} cores`,
      'ratio',
    ],
    all.map(({ pictures, images, wgrad, wgradAlone, pillow }) => [
      pictures,
      count(images),
      figure(wgrad),
      figure(wgradAlone),
      pillow ? figure(pillow.rate) : 'no Pillow',
      pillow ? `${fixed(wgradAlone / pillow.rate, 2)} x` : '',
    ]),
  );
}

/** Noise with a bright stroke. */
function digitLike(index: number): Buffer {
  const next = uniforms(index, 1);
  const data = Uint8Array.from({ length: 28 * 28 }, (_, at) => (at % 28 === 10 + (index % 8) ? 255 : 40 * next()));
  return Buffer.from(encode({ width: 28, height: 28, data, channels: 1, depth: 8 }));
}

/** The page draws and encodes them, because Node has no encoder. */
async function drawnJpegs(images: number, { adapter, chrome, browserTimeout, yes }: AdapterOptions): Promise<Buffer[]> {
  const datasets = () => {
    throw new Error('nothing is trained');
  };
  const opening = { page: 'bench-page', adapter, chrome, browserTimeout, yes, report: console.error, datasets };
  let drawn: string[] = [];
  await withSession<void, BenchPage>(opening, async (session) => {
    console.log(`chrome   ${session.version}`);
    drawn = await session.call('drawPictures', 0, images, jpegShape);
  });
  return drawn.map((encoded) => Buffer.from(encoded, 'base64'));
}

function writePictures(folder: string, drawn: readonly Buffer[], images: number): void {
  for (const name of classes) mkdirSync(join(folder, name), { recursive: true });
  const pathOf = (i: number) => join(folder, classes[i % classes.length]!, `${i}`);
  for (const [i, bytes] of drawn.slice(0, images).entries()) writeFileSync(pathOf(i), bytes);
  for (let i = drawn.length; i < images; i++) copyFileSync(pathOf(i % drawn.length), pathOf(i));
}

async function secondsOf(
  folder: string,
  imageSize: number,
  { chrome, browserTimeout, yes }: AdapterOptions,
): Promise<number> {
  const begun = performance.now();
  const { parts } = await readParts(folder, { imageSize, chrome, browserTimeout, yes });
  const seconds = (performance.now() - begun) / 1000;
  if (parts.train.images.length === 0) throw new Error('no images were read');
  return seconds;
}

/** undefined where there is no python3 with Pillow. */
async function pillowRate(folder: string, side: number): Promise<Reading['pillow']> {
  const script = fileURLToPath(new URL('../../test/bench/pillow_reading.py', import.meta.url));
  for (const python of ['python3', '/usr/bin/python3']) {
    const answer = await promisify(execFile)(python, [
      script,
      folder,
      String(side),
      String(availableParallelism()),
    ]).catch(() => undefined);
    if (answer) return JSON.parse(answer.stdout);
  }
  return undefined;
}
