import type { Traits } from '../gpu/device.ts';
import type { Variant } from '../gpu/kernel.ts';

/** How a matrix product is divided into tiles whose sums stay in registers. */
export type RegisterTile = Variant & {
  /** True if four neighbors form a subgroup and load for each other. */
  subgroups: boolean;
  /** Quads of rows (pixels) per invocation; each quad is combined with four columns (channels). */
  quads: number;
  /** Numbers per load along the inner dimension: 1, 2 or 4. */
  width: number;
  /** Tiles of four invocations per workgroup. */
  tiles: number;
};

/** Largest load width that divides the number of terms. */
export const widest = (terms: number, most: number) => (most === 4 && terms % 4 === 0 ? 4 : terms % 2 === 0 ? 2 : 1);

/** Number of workgroups that keeps the few cores of a software adapter busy; with fewer, one core idles at the end. */
const busyGroups = 8;
const tilesMost = 16;

/**
 * With fewer tiles than this, compiling takes longer than running: a shorter loop body is as fast and compiles in half the
 * time.
 */
const worthUnrolling = 256;
const worthPairs = 16;

/**
 * Variants of a matrix product. If a subgroup is exactly four invocations (SwiftShader), a load costs several times the
 * arithmetic that it feeds, and a long loop body is more expensive still; large products therefore combine many rows with few
 * terms. On other adapters each invocation has half as many sums and the widest possible loads.
 *
 * @param terms length of the inner sum, which the load width must divide.
 * @param tiles number of tiles for a given number of quads.
 */
export function registerTiles(terms: number, tiles: (quads: number) => number, traits: Traits): RegisterTile[] {
  const alone = { subgroups: false, quads: 2, width: widest(terms, 4), tiles: tilesMost };
  // Candidates for the tuner. One quad of pixels needs 32 registers for sums and operands and gives twice the workgroups for a
  // small batch. It loads 2 numbers per 4 multiply-adds; two quads load 1.5, and four quads 1.25 but may spill.
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

/** The two variants of kernels whose tile size is fixed. */
export function neighbours(_shape: unknown, traits: Traits): Variant[] {
  const alone = { subgroups: false };
  return traits.subgroupSize === 4 ? [{ subgroups: true }, alone] : [alone];
}

/** WGSL type of a load of the given width. */
export const loadType = (width: number): string => (width === 1 ? 'f32' : `vec${width}f`);

/** WGSL element type: vec4 if the number of channels is a multiple of four. */
export const quadType = (channels: number): string => loadType(channels % 4 === 0 ? 4 : 1);

/** The flags of shaders/lib/channel_quad.wgsl, and the type of its tensors' elements. */
export const quadFlags = (channels: number, loaded: string, stored: string) => ({
  vec_out: channels % 4 === 0,
  out: quadType(channels),
  loaded,
  stored,
});
