import { expect, test } from 'vitest';
import { kernelTiles, outputTiles } from '../../src/page/ui/tiles.ts';

/** A pixel of the picture. */
const at = ({ pixels, shape }: { pixels: Uint8Array; shape: number[] }, y: number, x: number) => [
  ...pixels.subarray((y * shape[1]! + x) * shape[2]!, (y * shape[1]! + x + 1) * shape[2]!),
];

test('kernels: one picture per filter with its range, gray for 0, white for the largest magnitude, in color for three channels', () => {
  const values = Float32Array.of(...[1, 0], ...[-1, 0.5]); // [1, 2, 1, 2]: the filter axis is innermost.
  const { tiles, ranges, most } = kernelTiles({ shape: [1, 2, 1, 2], values });
  const [first, second] = tiles as [(typeof tiles)[number], (typeof tiles)[number]];
  expect(most).toBe(1);
  expect(ranges).toEqual([
    { least: -1, most: 1 },
    { least: 0, most: 0.5 },
  ]);
  expect(first.shape).toEqual([12, 24, 1]); // Magnified 12 times.
  expect([at(first, 0, 0), at(first, 11, 12), at(second, 0, 0), at(second, 0, 12)]).toEqual([[255], [0], [128], [191]]);
  const colour = kernelTiles({ shape: [1, 1, 3, 1], values: Float32Array.of(2, -2, 0) });
  expect(at(colour.tiles[0]!, 0, 0)).toEqual([255, 0, 128]);
});

test('outputs: one tile per channel, one square per unit, from the minimum or 0 to the maximum; non-finite values are left out', () => {
  const maps = outputTiles({ shape: [1, 2, 2], values: Float32Array.of(0, 4, 2, 1) });
  expect([maps.low, maps.high]).toEqual([0, 4]);
  expect([at(maps.tiles, 0, 0), at(maps.tiles, 0, 12)]).toEqual([[0], [128]]); // First channel: 0, 2.
  expect([at(maps.tiles, 0, 26), at(maps.tiles, 0, 38)]).toEqual([[255], [64]]); // Second channel: 4, 1.
  const units = outputTiles({ shape: [3], values: Float32Array.of(-1, Number.NaN, 1) });
  expect([units.low, units.high]).toEqual([-1, 1]);
  expect([at(units.tiles, 0, 0), at(units.tiles, 0, 52)]).toEqual([[0], [255]]);
});

test('the last row of tiles is full if a similar number of columns makes that possible', () => {
  const columns = (maps: number) =>
    outputTiles({ shape: [2, 2, maps], values: new Float32Array(4 * maps) }).tiles.columns;
  expect([10, 32, 64, 128].map((maps) => maps % columns(maps))).toEqual([0, 0, 0, 0]);
  expect(columns(64)).toBe(16);
  expect(columns(1)).toBe(1);
});
