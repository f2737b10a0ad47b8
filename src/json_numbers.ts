/**
 * Messages between the page and the command, and the header of a saved run, are JSON, which has no NaN and no infinities. Both
 * occur in a run that diverges, so they are written as an object with this single key.
 */
const key = 'notFinite';

/** A copy that JSON represents without loss. */
export function packNumbers<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_, item) =>
      typeof item === 'number' && !Number.isFinite(item) ? { [key]: String(item) } : item,
    ),
  );
}

/** Inverse of `packNumbers`. */
export function unpackNumbers<T>(value: T): T {
  return unpack(value) as T;
}

function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (key in value) return Number(value[key]);
  if (Array.isArray(value)) return value.map(unpack);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unpack(item)]));
}
