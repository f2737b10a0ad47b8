import type { Traits } from '../gpu/device.ts';
import type { Variant } from '../gpu/kernel.ts';
import { loadType } from './tile.ts';
import { ceilDiv } from './workgroups.ts';

// Normalizations treat a tensor as [rows, channels], where a row is a pixel of a sample. If the number of channels is a
// multiple of four, four are loaded at once; a load is one column of this view.

/** Minimum number of elements per chunk of rows: smaller chunks take less time than starting their workgroup. */
const elementsPerChunk = 16384;

/** Maximum number of chunks: combining more would take longer than they save. */
const mostChunks = 128;

/** Number of chunks that a sum over rows is split into: the `chunks` of a shape. */
export const rowChunks = (rows: number, channels: number): number =>
  Math.min(mostChunks, rows, Math.max(1, ceilDiv(rows * channels, elementsPerChunk)));

export const rowsPerChunk = (rows: number, chunks: number): number => ceilDiv(rows, chunks);

/** Channels per load. */
export const widthOf = (channels: number): 1 | 4 => (channels % 4 === 0 ? 4 : 1);

export const columnsOf = (channels: number): number => channels / widthOf(channels);

/** The text hole of a shader that loads one or four channels at once. */
export const loadFlags = (channels: number) => ({ element: loadType(widthOf(channels)) });

/** The largest power of two up to n. */
export const powerOfTwo = (n: number): number => 2 ** Math.floor(Math.log2(n));

/** How the invocations of a workgroup divide a chunk among them (shaders/lib/row_chunk.wgsl). */
export type RowTile = Variant & { row_invocations: number; column_invocations: number };

/** Columns that a workgroup reads side by side on hardware: 1 KiB of a row. */
const mostColumns = 64;
const mostInvocations = 256;

/**
 * On a software adapter a workgroup is a single subgroup of four, which needs no barriers. On hardware it is as large as
 * possible, with neighbors on neighboring columns so that their loads coalesce.
 */
export function rowTiles(rows: number, chunks: number, columns: number, { software }: Traits): RowTile[] {
  const [invocations, widest] = software ? [4, 4] : [mostInvocations, mostColumns];
  const column_invocations = Math.min(columns, widest);
  const row_invocations = powerOfTwo(
    Math.min(rowsPerChunk(rows, chunks), Math.floor(invocations / column_invocations)),
  );
  return [{ row_invocations, column_invocations }];
}

/** One workgroup for each chunk and each of its stripes of columns. */
export const rowTileWorkgroups = (chunks: number, columns: number, tile: Variant): [number, number] => [
  chunks,
  ceilDiv(columns, (tile as RowTile).column_invocations),
];

/** Rows per invocation in kernels without a sum; values that belong to a column are loaded once for all of them. */
const rowsPerInvocation = 8;

/** Invocations that cover [rows, columns] row by row: a multiple of the columns, so that each stays in one column. */
export const columnStride = (rows: number, channels: number): number =>
  columnsOf(channels) * ceilDiv(rows, rowsPerInvocation);
