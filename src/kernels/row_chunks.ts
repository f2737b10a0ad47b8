import type { Traits } from '../gpu/device.ts';
import type { Variant } from '../gpu/kernel.ts';
import { loadType } from './tile.ts';
import { ceilDiv } from './workgroups.ts';

// Normalizations see a tensor as [rows, channels], a row being a pixel of a sample. Four channels are loaded at once where
// their number allows it; a load is a column of the view.

/** Elements that a chunk of rows should have: fewer are over sooner than their workgroup has started. */
const elementsPerChunk = 16384;

/** More chunks than this would take longer to combine than they save. */
const mostChunks = 128;

/** Chunks that a sum over rows is split into: what `chunks` of a shape should be. */
export const rowChunks = (rows: number, channels: number): number =>
  Math.min(mostChunks, rows, Math.max(1, ceilDiv(rows * channels, elementsPerChunk)));

export const rowsPerChunk = (rows: number, chunks: number): number => ceilDiv(rows, chunks);

/** Channels of a load. */
export const widthOf = (channels: number): 1 | 4 => (channels % 4 === 0 ? 4 : 1);

export const columnsOf = (channels: number): number => channels / widthOf(channels);

/** The hole of a shader that works on loads of one or four channels. */
export const loadFlags = (channels: number) => ({ element: loadType(widthOf(channels)) });

/** The largest power of two up to n. */
export const powerOfTwo = (n: number): number => 2 ** Math.floor(Math.log2(n));

/** How the invocations of a workgroup share a chunk (shaders/lib/row_chunk.wgsl). */
export type RowTile = Variant & { row_invocations: number; column_invocations: number };

/** Columns that a workgroup of a hardware GPU reads side by side: 1 KiB of a row. */
const mostColumns = 64;
const mostInvocations = 256;

/**
 * On a software adapter a workgroup is one subgroup of four, which has no barriers to wait at; elsewhere as many invocations
 * as there may be, with neighbors on neighboring columns, so that their loads are one.
 */
export function rowTiles(rows: number, chunks: number, columns: number, { software }: Traits): RowTile[] {
  const [invocations, widest] = software ? [4, 4] : [mostInvocations, mostColumns];
  const column_invocations = Math.min(columns, widest);
  const row_invocations = powerOfTwo(
    Math.min(rowsPerChunk(rows, chunks), Math.floor(invocations / column_invocations)),
  );
  return [{ row_invocations, column_invocations }];
}

/** A workgroup for each chunk and for each of its stripes of columns. */
export const rowTileWorkgroups = (chunks: number, columns: number, tile: Variant): [number, number] => [
  chunks,
  ceilDiv(columns, (tile as RowTile).column_invocations),
];

/** Rows of which an invocation owns a column where nothing is summed: what belongs to a column is loaded once for them. */
const rowsPerInvocation = 8;

/** Invocations that go over [rows, columns] row by row: a multiple of the columns, so that each stays in its own. */
export const columnStride = (rows: number, channels: number): number =>
  columnsOf(channels) * ceilDiv(rows, rowsPerInvocation);
