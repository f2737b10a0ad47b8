/**
 * Decompresses an LZ4 block (github.com/lz4/lz4, doc/lz4_Block_format.md), as used by Parquet's codec LZ4_RAW.
 *
 * @param size uncompressed size in bytes.
 * @throws Error if the block is damaged or has a different size.
 */
export function unpackLz4(packed: Uint8Array, size: number): Uint8Array {
  const unpacked = new Uint8Array(size);
  let from = 0;
  let to = 0;
  // Four bits encode a length below 15. Otherwise further bytes are added, up to and including the first one that is not 255.
  const lengthFrom = (bits: number): number => {
    let length = bits;
    for (let more = bits === 15 ? 255 : 0; more === 255; length += more) more = packed[from++] ?? 0;
    return length;
  };
  while (from < packed.length) {
    const token = packed[from++]!;
    const literals = lengthFrom(token >> 4);
    if (from + literals > packed.length || to + literals > size) throw new Error('LZ4 data that is truncated');
    unpacked.set(packed.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from === packed.length) break; // The last sequence has no copy.
    const distance = packed[from]! | ((packed[from + 1] ?? 0) << 8);
    from += 2;
    const end = to + lengthFrom(token & 15) + 4;
    if (distance === 0 || distance > to || end > size) throw new Error('LZ4 data with a copy from outside of the data');
    // The copy may overlap its own output, which repeats it.
    for (; to < end; to++) unpacked[to] = unpacked[to - distance]!;
  }
  if (to !== size) throw new Error(`LZ4 data of ${to} bytes instead of ${size}`);
  return unpacked;
}
