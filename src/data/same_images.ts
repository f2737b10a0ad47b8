/**
 * For each image, numbered across all `parts`, the number of the first image with identical bytes, which may be the image itself. A
 * hash finds candidates and the bytes decide, so hash collisions do no harm.
 *
 * @param bytes per image; each part holds a whole number of images.
 */
export function firstSame(parts: readonly Uint8Array[], bytes: number, hash: Hash = hashBytes): Int32Array {
  const counts = parts.map((part) => part.length / bytes);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const partOf = new Uint8Array(total);
  const offsetOf = new Float64Array(total);
  const hashes = new Int32Array(total);
  const first = new Int32Array(total);
  // Open addressing with a load factor of at most 0.5. A slot holds the number of a first image, plus 1.
  const mask = 2 ** Math.ceil(Math.log2(2 * total + 1)) - 1;
  const slots = new Int32Array(mask + 1);
  let at = 0;
  for (const [p, part] of parts.entries()) {
    const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
    for (let i = 0; i < counts[p]!; i++, at++) {
      partOf[at] = p;
      offsetOf[at] = i * bytes;
      hashes[at] = hash(view, i * bytes, bytes);
      for (let slot = hashes[at]! & mask; ; slot = (slot + 1) & mask) {
        if (slots[slot] === 0) {
          slots[slot] = at + 1;
          first[at] = at;
          break;
        }
        const other = slots[slot]! - 1;
        if (hashes[other] !== hashes[at]) continue;
        if (!equal(parts[partOf[other]!]!, offsetOf[other]!, part, i * bytes, bytes)) continue;
        first[at] = other;
        break;
      }
    }
  }
  return first;
}

type Hash = (view: DataView, from: number, bytes: number) => number;

/** MurmurHash3_x86_32 with seed 0 (https://github.com/aappleby/smhasher, public domain). */
export function hashBytes(view: DataView, from: number, bytes: number): number {
  let hash = 0;
  let at = from;
  for (const end = from + (bytes & ~3); at < end; at += 4) {
    hash ^= scramble(view.getUint32(at, true));
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let i = (bytes & 3) - 1; i >= 0; i--) tail = (tail << 8) | view.getUint8(at + i);
  hash ^= scramble(tail) ^ bytes;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function scramble(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593);
}

function equal(a: Uint8Array, fromA: number, b: Uint8Array, fromB: number, bytes: number): boolean {
  for (let i = 0; i < bytes; i++) if (a[fromA + i] !== b[fromB + i]) return false;
  return true;
}
