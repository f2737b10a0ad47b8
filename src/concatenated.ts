/** Concatenates arrays; a single one is returned without a copy. @param Type the constructor of the result. */
export function concatenated<T extends Uint8Array | Float32Array>(
  Type: new (length: number) => T,
  arrays: readonly T[],
): T {
  if (arrays.length === 1) return arrays[0]!;
  const whole = new Type(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}
