import { DataError } from '../errors.ts';

/** @param what description of the text, for the error. @throws DataError if the text is not JSON. */
export function parseJson<T = unknown>(text: string, what: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new DataError({ what: `${what} is not JSON`, found: (cause as Error).message }, { cause });
  }
}
