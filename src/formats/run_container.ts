import { DataError } from '../errors.ts';
import { unpackNumbers } from '../json_numbers.ts';
import { crc32c } from './crc32c.ts';

export const magic = 'wgradrun';
export const version = 2;
export const sumBytes = 4;
export const preamble = magic.length + 8;

/** Whether a file has the signature of a saved run. */
export const isRun = (file: Uint8Array): boolean => new TextDecoder().decode(file.subarray(0, magic.length)) === magic;

/** Returns the header, its end offset, and the size of the checksum at the end of the file. */
export function readHeader(file: Uint8Array, name: string): { header: unknown; at: number; sumBytes: number } {
  const decoder = new TextDecoder();
  if (file.length < preamble || !isRun(file)) {
    throw new DataError({
      what: `${name} is not a run saved by wgrad`,
      found: file.length < preamble ? `${file.length} bytes` : decoder.decode(file.subarray(0, magic.length)),
      expected: `a file that begins with ${magic}`,
    });
  }
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const is = view.getUint32(magic.length, true);
  if (is !== 1 && is !== version) {
    throw new DataError({
      what: `${name} has another version of the format`,
      found: is,
      expected: `1 or ${version}`,
      fix: is > version ? 'load it with the version of wgrad that saved it, or a later one' : 'save the run again',
    });
  }
  const hasSum = is > 1;
  const headerBytes = view.getUint32(magic.length + 4, true);
  const at = preamble + headerBytes;
  if (at > file.length) {
    throw new DataError({
      what: `${name} is truncated`,
      found: `${file.length} bytes`,
      expected: `${at} bytes of header and the weights after it`,
      fix: 'save the run again',
    });
  }
  if (hasSum) requireSum(file, view, name);
  try {
    const header = unpackNumbers(JSON.parse(decoder.decode(file.subarray(preamble, at))));
    return { header, at, sumBytes: hasSum ? sumBytes : 0 };
  } catch (error) {
    throw new DataError(
      {
        what: `The header of ${name} is not JSON`,
        found: String(error),
        fix: 'use an unmodified file that wgrad has saved',
      },
      { cause: error },
    );
  }
}

/** @throws DataError if the checksum doesn't match. */
function requireSum(file: Uint8Array, view: DataView, name: string): void {
  const end = file.length - sumBytes;
  const [found, expected] = [crc32c(file.subarray(0, end)), view.getUint32(end, true)];
  if (found === expected) return;
  throw new DataError({
    what: `${name} is damaged: it is truncated, or its contents have changed`,
    found: `CRC-32C ${found.toString(16)}`,
    expected: expected.toString(16),
    fix: 'use another copy of it, or an earlier one',
  });
}
