import type { Traits } from '../gpu/device.ts';
import type { Variant } from '../gpu/kernel.ts';

/** How a matrix product is cut into the sums that stay in registers. */
export type RegisterTile = Variant & {
  /** Four neighbours are a subgroup of their own and load for each other. */
  subgroups: boolean;
  /** Quads of rows (pixels) an invocation; each quad meets four columns (channels). */
  quads: number;
  /** Terms of the sum that are loaded at once: 1, 2 or 4 numbers a load. */
  width: number;
  /** Tiles of four invocations a workgroup. */
  tiles: number;
};

/** The most numbers of a load that a sum of so many terms ends with. */
export const widest = (terms: number, most: number) => (most === 4 && terms % 4 === 0 ? 4 : terms % 2 === 0 ? 2 : 1);

/** Workgroups that a software adapter shares out among a few cores: fewer leave one of them idle at the end. */
const busyGroups = 8;
const tilesMost = 16;

/** Fewer tiles than this are over sooner than their text is compiled: a shorter body is as fast and compiles in half the time. */
const worthUnrolling = 256;
const worthPairs = 16;

/**
 * The forms of a matrix product. Where a subgroup is exactly four invocations (SwiftShader) a load costs several times the
 * arithmetic that it feeds, and a long loop body costs more again: in a large product many rows meet few terms. Elsewhere the
 * sums are half as many and the loads as wide as can be.
 *
 * @param terms of the innermost sum: its loads have to end with it.
 * @param tiles of a form with that many quads.
 */
export function registerTiles(terms: number, tiles: (quads: number) => number, traits: Traits): RegisterTile[] {
  const alone = { subgroups: false, quads: 2, width: widest(terms, 4), tiles: tilesMost };
  // For the tuner. A quad of pixels alone has 32 registers of sums and operands, and twice the workgroups for a small batch;
  // it loads 2 numbers for 4 multiply-adds where two quads load 1.5, and four quads 1.25 but may spill.
  const without = [2, 1, 4].map((quads) => ({ ...alone, quads }));
  if (traits.subgroupSize !== 4) return without;
  const form = (quads: number): RegisterTile => ({
    subgroups: true,
    quads,
    width: widest(terms, quads === 4 ? 2 : 4),
    tiles: Math.min(tilesMost, Math.max(1, Math.floor(tiles(quads) / busyGroups))),
  });
  const best = tiles(4) >= worthUnrolling ? 4 : tiles(2) >= worthPairs ? 2 : 1;
  return [...new Set([best, 4])].map(form).concat(without);
}

/** The two forms of the kernels whose tile is always the same. */
export function neighbours(_shape: unknown, traits: Traits): Variant[] {
  const alone = { subgroups: false };
  return traits.subgroupSize === 4 ? [{ subgroups: true }, alone] : [alone];
}

/** The type of a load of so many numbers. */
export const loadType = (width: number): string => (width === 1 ? 'f32' : `vec${width}f`);

/** The type of elements that are four channels each where the channels are a multiple of four. */
export const quadType = (channels: number): string => loadType(channels % 4 === 0 ? 4 : 1);

/** The flags of shaders/lib/channel_quad.wgsl, and the type of its tensors' elements. */
export const quadFlags = (channels: number, loaded: string, stored: string) => ({
  vec_out: channels % 4 === 0,
  out: quadType(channels),
  loaded,
  stored,
});
