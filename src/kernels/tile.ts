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
  /** Quads of columns (channels) per invocation; 1 if omitted. */
  across?: number;
};

/** Quads of channels per invocation. */
export const acrossOf = ({ across = 1 }: Variant) => across as number;

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
 * @param channels number of columns of the result.
 * @param tiles number of tiles for given numbers of quads of pixels and of channels per invocation.
 */
export function registerTiles(
  terms: number,
  channels: number,
  tiles: (quads: number, across: number) => number,
  traits: Traits,
): RegisterTile[] {
  const alone = { subgroups: false, quads: 2, width: widest(terms, 4), tiles: tilesMost };
  // Candidates for the tuner. One quad of pixels needs 32 registers for sums and operands and gives twice the workgroups for a
  // small batch. It loads 2 numbers per 4 multiply-adds; two quads load 1.5, and four quads 1.25 but may spill.
  const others = [2, 1, 4].map((quads) => ({ quads }));
  const without = [...largeTile(channels, tiles, traits), ...others].map(
    (tile): RegisterTile => ({ ...alone, ...tile }),
  );
  if (traits.subgroupSize !== 4) return without;
  const form = (quads: number): RegisterTile => ({
    subgroups: true,
    quads,
    width: widest(terms, quads === 4 ? 2 : 4),
    tiles: Math.min(tilesMost, Math.max(1, Math.floor(tiles(quads, 1) / busyGroups))),
  });
  const best = tiles(4, 1) >= worthUnrolling ? 4 : tiles(2, 1) >= worthPairs ? 2 : 1;
  return [...new Set([best, 4])].map(form).concat(without);
}

/** llvmpipe runs eight invocations, which are two tiles, in one vector register. */
const tilesAVector = 2;

/**
 * Quads of pixels and of channels per invocation, those with the most multiply-adds per load first: q and a quads load 4 (q + a) numbers
 * for 16 q a multiply-adds. 8 by 16 sums give 5.3 per load, 8 by 4 only 2.7; twice as many sums gain another tenth, but take twice as long
 * to compile.
 */
const largeTiles = [
  [2, 4],
  [4, 2],
  [2, 3],
  [2, 2],
] as const;

/** On llvmpipe, the first of these tile sizes that gives enough tiles and leaves no invocation without channels. */
export const largeTile = (channels: number, tiles: (quads: number, across: number) => number, { gathers }: Traits) =>
  largeTiles
    .filter(
      ([quads, across]) =>
        gathers && channels % (16 * across) === 0 && tiles(quads, across) >= tilesAVector * busyGroups,
    )
    .slice(0, 1)
    .map(([quads, across]) => ({ subgroups: false, quads, tiles: tilesAVector, across }));

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
