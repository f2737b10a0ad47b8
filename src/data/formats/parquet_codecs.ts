import { decompress } from 'fzstd';
import type { Compressors } from 'hyparquet';
import { unpackLz4 } from './lz4.ts';

/** Codecs that few tables use. Their code is loaded with the first table that needs it. */
export const rareCodecs: Compressors = {
  ZSTD: (bytes, size) => decompress(bytes, new Uint8Array(size)),
  LZ4_RAW: unpackLz4,
};
