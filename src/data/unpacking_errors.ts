import { DataError } from '../errors.ts';
import { count } from '../figures.ts';

const mebibyte = 2 ** 20;
/** Maximum accepted compression ratio. Deflate achieves at most 1032 to 1; pictures and tables compress far less. */
const mostRatio = 200;
/** Content below this size is unpacked whatever its ratio, because a blank picture compresses well. */
const harmless = 64 * mebibyte;
/** Larger files are not unpacked, because they have to fit into memory. */
export const mostUnpacked = 2048 * mebibyte;

/** @throws DataError if the unpacked size is out of proportion to the packed size. */
export function refuseBomb(path: string, packed: number, unpacked: number): void {
  if (unpacked <= harmless || unpacked <= mostRatio * packed) return;
  throw new DataError({
    what: `${path} is not unpacked: what it would become is out of all proportion to its size`,
    found: `${count(packed)} bytes that claim to be at least ${count(unpacked)} unpacked`,
    expected: `at most ${mostRatio} times as many, as archives of pictures and tables have`,
    fix: 'if you trust it, unpack it yourself, and give the resulting folder',
  });
}

export const tooLarge = (path: string, size: number) =>
  new DataError({
    what: `${path} is too large to be unpacked while it is read`,
    found: `${count(size)} bytes or more`,
    expected: `at most ${count(mostUnpacked)}, because they have to be in memory`,
    fix: 'unpack it, and use the resulting folder',
  });

const damages = new WeakSet<Error>();

export function damaged(path: string, found: string, cause?: unknown): DataError {
  const error = new DataError(
    {
      what: `${path} is damaged or truncated`,
      found,
      expected: 'a whole archive',
      fix: 'download the file again',
    },
    { cause },
  );
  damages.add(error);
  return error;
}

/** Whether an error means that one file of an archive is damaged; the file can then be left out. */
export const isDamage = (error: unknown): error is DataError => error instanceof DataError && damages.has(error);
