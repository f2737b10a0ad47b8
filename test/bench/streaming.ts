import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdapterOptions } from '../../src/cli/adapter_options.ts';
import type { Session } from '../../src/cli/session.ts';
import { table } from '../../src/cli/tables.ts';
import { adapterLine } from '../../src/cli/training_report.ts';
import { withSession } from '../../src/cli/with_session.ts';
import { count, figure, fixed } from '../../src/figures.ts';
import { limitingShare, waitingShare } from '../../src/image_source.ts';
import { product } from '../../src/product';
import type { BenchPage, Streamed, StreamedNetwork } from './protocol.ts';

/** Height, width and channels of the pictures. */
const imageShape = [224, 224, 3] as const;
const batchSize = 32;
/** Number of pictures that the page draws and encodes at once. */
const drawnAtOnce = 100;
const networks: readonly StreamedNetwork[] = ['two layers', 'five layers'];

export interface StreamOptions extends AdapterOptions {
  /** Number of pictures in the data set. */
  pictures: number;
  /** Maximum GPU memory in use, in bytes. */
  memoryBudget: number;
  turnSeconds?: number;
  json?: string;
}

const pathOf = (folder: string, index: number) => join(folder, `${String(index).padStart(6, '0')}.jpg`);

/**
 * `wgrad bench --stream`: trains on JPEG files that are far larger than the trainer's GPU memory budget, and reports whether
 * training or decoding waited.
 */
export async function benchStreaming(options: StreamOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-pictures-'));
  const pictures = Array.from({ length: options.pictures }, (_, index) => index);
  const files = new Map(pictures.map((index) => [`/pictures/${index}`, () => readFile(pathOf(folder, index))]));
  const { adapter, chrome, browserTimeout, yes } = options;
  const opening = { page: 'bench-page', adapter, chrome, browserTimeout, yes, files, report: console.error };
  const datasets = () => {
    throw new Error('the pictures are fetched one by one');
  };
  try {
    await withSession<void, BenchPage>({ ...opening, datasets }, async (session) => {
      console.log(`chrome   ${session.version}`);
      console.log(adapterLine(session.adapter));
      const bytes = await writePictures(session, folder, options.pictures);
      const decoded = options.pictures * product(imageShape);
      console.log(
        `data     ${count(options.pictures)} JPEG files of ${imageShape.join(' x ')}: ${megabytes(bytes)} encoded, ${megabytes(decoded)} decoded`,
      );
      const all: Streamed[] = [];
      for (const network of networks) {
        console.error(`training ${network}`);
        const ms = 1000 * (options.turnSeconds ?? 60);
        const { pictures, memoryBudget } = options;
        all.push(await session.call('stream', { network, pictures, imageShape, memoryBudget, batchSize, ms }));
      }
      console.log(streamingTable(all, options));
      for (const one of all) console.log(streamingLine(one, options));
      if (!options.json) return;
      const facts = { ...options, chrome: session.version, adapter: session.adapter, encoded: bytes, decoded };
      writeFileSync(options.json, `${JSON.stringify({ ...facts, streamed: all })}\n`);
      console.log(`written  ${options.json}`);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The page draws and encodes the pictures, because Node has no encoder. @returns the total bytes of the files. */
async function writePictures(session: Session<BenchPage>, folder: string, pictures: number): Promise<number> {
  console.error(`writing ${count(pictures)} pictures`);
  let bytes = 0;
  for (let first = 0; first < pictures; first += drawnAtOnce) {
    const drawn = await session.call('drawPictures', first, Math.min(drawnAtOnce, pictures - first), imageShape);
    for (const [i, encoded] of drawn.entries()) {
      const file = Buffer.from(encoded, 'base64');
      bytes += file.length;
      writeFileSync(pathOf(folder, first + i), file);
    }
  }
  return bytes;
}

const megabytes = (bytes: number) => `${figure(bytes / 1e6)} MB`;
const mebibytes = (bytes: number) => `${fixed(bytes / 2 ** 20, 1)} MiB`;

export function streamingTable(
  all: readonly Streamed[],
  { memoryBudget }: Pick<StreamOptions, 'memoryBudget'>,
): string {
  return table(
    ['network', 'steps', 'trained/s', 'read/s', 'waited', 'first wait', 'chunks', `GPU of ${mebibytes(memoryBudget)}`],
    all.map(({ network, steps, gpuBytes, use }) => [
      network,
      count(steps),
      figure(use.useRate),
      figure(use.readRate),
      `${fixed(100 * waitingShare(use), 1)} %`,
      `${figure((use.firstWaitMs ?? 0) / 1000)} s`,
      use.kind === 'streamed' ? `${use.chunks} of ${use.chunkImages}` : 'resident',
      mebibytes(gpuBytes),
    ]),
  );
}

/** Describes the bottleneck of a run, and how long all pictures would take at that rate. */
export function streamingLine({ network, use }: Streamed, { pictures }: Pick<StreamOptions, 'pictures'>): string {
  const { readRate = 0, useRate = 0, elapsedMs = 0, waitMs = 0 } = use;
  const share = waitingShare(use);
  const seconds = (pictures / (useRate * (1 - share) || 1)).toFixed(0);
  const epoch = `an epoch of ${count(pictures)} would take ${seconds} s at this rate, extrapolated from ${fixed(elapsedMs / 1000, 0)} s`;
  const limit =
    share > limitingShare
      ? `reading and decoding is the limit: ${figure(readRate)} images/s are read, and ${figure(useRate)} could be trained on; ${fixed(waitMs / 1000, 1)} s were spent waiting`
      : `training is the limit: ${figure(useRate)} images/s are trained on, and ${figure(readRate)} could be read while it runs`;
  return `${network}: ${limit}; ${epoch}`;
}
