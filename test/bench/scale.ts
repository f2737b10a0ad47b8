import { writeFileSync } from 'node:fs';
import { median } from 'simple-statistics';
import { table } from '../../src/cli/tables.ts';
import { ConfigurationError } from '../../src/errors.ts';
import { counted, figure } from '../../src/figures.ts';
import { mebibytes } from '../../src/gpu/memory.ts';
import { compileModel } from '../../src/model/graph.ts';
import { type PresetName, presetModel } from '../../src/model/presets.ts';
import { planTraining } from '../../src/train/plan_training.ts';
import { flopsAnImage } from './flops.ts';
import { openBenchPage, type PeersOptions, tellFacts } from './peers.ts';
import type { ScaleOrder } from './protocol.ts';

/** Measures whether the cost of a step follows its arithmetic at every image and batch size. */

const classes = 10;
const all = { sizes: [28, 64, 128, 224], channels: [1, 3], batchSizes: [8, 32, 128, 256] };
const quick = { sizes: [28], channels: [1, 3], batchSizes: [8] };

/** GPU memory of a step: a software adapter uses the machine's memory. */
const mostBytes = 4 * 2 ** 30;
/** SwiftShader's maximum, and the minimum of most GPUs. */
const largestBinding = 2 ** 30;
/** Cells below this fraction of the best are marked. */
const enough = 0.6;

export interface ScaleOptions extends Omit<PeersOptions, 'augment' | 'health' | 'optimizers'> {
  quick: boolean;
}

/** A network at one image and batch size. */
export interface ScaleCell {
  size: number;
  channels: number;
  batchSize: number;
  /** Floating-point operations per step, by the layers' formulas. */
  flops: number;
  /** Reason why it was not trained. */
  skipped?: string;
  /** Milliseconds per step, by round. */
  ms: number[];
}

export const gflopsOf = ({ flops, ms }: ScaleCell): number => (ms.length > 0 ? flops / median(ms) / 1e6 : 0);

/** `wgrad bench --scale`. */
export async function benchScale(options: ScaleOptions): Promise<void> {
  const planned = await planCells(options);
  const cells = planned.map(({ cell }) => cell);
  const noDatasets = () => {
    throw new Error('the page draws its own images');
  };
  await openBenchPage(options, noDatasets, async (session) => {
    const facts = await tellFacts(session);
    console.log(`trained  ${nameOf(options)} on noise, ${counted(cells.length, 'size')}`);
    const ms = 1000 * (options.turnSeconds ?? (options.quick ? 0 : 3));
    const rounds = options.rounds ?? (options.quick ? 1 : 3);
    for (let round = 0; round < rounds; round++) {
      for (const { cell, model } of planned) {
        if (cell.skipped !== undefined) continue;
        const { size, channels, batchSize } = cell;
        const order: ScaleOrder = { model, batchSize, imageShape: [size, size, channels], classes, ms };
        const stepMs = await session.call('scaleStep', order);
        cell.ms.push(stepMs);
        const rate = `${figure(gflopsOf({ ...cell, ms: [stepMs] }))} GFLOP/s`;
        // All sizes take many minutes: what was measured is printed even if the command is stopped.
        console.error(`round ${round + 1}: ${imageOf(cell)}, batch ${batchSize}: ${rate}`);
      }
    }
    console.log(scaleTable(cells));
    for (const line of skippedLines(cells)) console.log(line);
    console.log(worstLine(cells));
    if (!options.json) return;
    const written = cells.map((cell) => ({ ...cell, gflops: gflopsOf(cell) }));
    writeFileSync(options.json, `${JSON.stringify({ ...facts, model: options.model, scale: written })}\n`);
    console.log(`written  ${options.json}`);
  });
}

const nameOf = ({ model }: ScaleOptions) => (typeof model === 'string' ? model : 'a model from JSON');

/** All sizes with a fitting model; those that exceed the memory are marked. */
export async function planCells({
  model,
  batchSize,
  quick: isQuick,
}: Pick<ScaleOptions, 'model' | 'batchSize' | 'quick'>) {
  if (typeof model !== 'string') {
    throw new ConfigurationError({
      what: 'bench --scale trains a network at several sizes of images, which a model from JSON does not have',
      found: '--model with JSON',
      expected: 'the name of a preset',
    });
  }
  const { sizes, channels, batchSizes } = isQuick ? quick : all;
  const planned = [];
  for (const size of sizes) {
    for (const channel of channels) {
      const ofSize = presetModel(model as PresetName, [size, size, channel], classes);
      const flops = flopsAnImage(compileModel(ofSize));
      for (const samples of batchSize ?? batchSizes) {
        const cell: ScaleCell = { size, channels: channel, batchSize: samples, flops: samples * flops, ms: [] };
        try {
          const { bytes } = await planTraining(
            { model: ofSize, batchSize: samples, augmentation: null },
            { imageShape: [size, size, channel], count: samples },
            {
              traits: { software: true, subgroupSize: 4 },
              limits: { mostBytes: largestBinding, mostArenaBytes: largestBinding },
            },
          );
          const total = bytes.shared + bytes.input;
          if (total > mostBytes) cell.skipped = `it needs ${mebibytes(total)}, more than ${mebibytes(mostBytes)}`;
        } catch (error) {
          if (!(error instanceof ConfigurationError)) throw error;
          cell.skipped = `${error.parts.what} (${error.parts.found})`;
        }
        planned.push({ cell, model: ofSize });
      }
    }
  }
  return planned;
}

/** One row per image size, one column per batch size: GFLOP/s and the fraction of the best. */
export function scaleTable(cells: readonly ScaleCell[]): string {
  const best = Math.max(...cells.map(gflopsOf));
  const batches = [...new Set(cells.map(({ batchSize }) => batchSize))];
  const images = [...new Set(cells.map(imageOf))];
  const rows = images.map((image) => [
    image,
    ...batches.flatMap((batch) => {
      const cell = cells.find((each) => imageOf(each) === image && each.batchSize === batch)!;
      if (cell.ms.length === 0) return ['skipped', ''];
      const share = gflopsOf(cell) / best;
      return [figure(gflopsOf(cell)), `${(100 * share).toFixed(0)} %${share < enough ? ' !' : ''}`];
    }),
  ]);
  return table(['images', ...batches.flatMap((batch) => [`batch ${batch}, GFLOP/s`, 'of best'])], rows);
}

const imageOf = ({ size, channels }: ScaleCell) => `${size} x ${size} x ${channels}`;

const skippedLines = (cells: readonly ScaleCell[]) =>
  cells
    .filter(({ skipped }) => skipped !== undefined)
    .map((cell) => `skipped  ${imageOf(cell)} at batch ${cell.batchSize}: ${cell.skipped}`);

/** Number of sizes below the fraction that all should reach. */
export function worstLine(cells: readonly ScaleCell[]): string {
  const trained = cells.filter(({ ms }) => ms.length > 0);
  const best = Math.max(...trained.map(gflopsOf));
  const below = trained.filter((cell) => gflopsOf(cell) < enough * best);
  const what = `${100 * enough} % of the best, ${figure(best)} GFLOP/s`;
  return below.length === 0
    ? `scale    none of ${counted(trained.length, 'size')} is below ${what}`
    : `scale    ${below.length} of ${counted(trained.length, 'size')} are below ${what}: those marked with !`;
}
