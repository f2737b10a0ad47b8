import { decompress } from 'fzstd';
import type { Compressors } from 'hyparquet';
import { unpackLz4 } from './lz4.ts';

/** Codecs that few tables have: the code for them is loaded with the first one. */
export const rareCodecs: Compressors = {
  ZSTD: (bytes, size) => decompress(bytes, new Uint8Array(size)),
  LZ4_RAW: unpackLz4,
};
