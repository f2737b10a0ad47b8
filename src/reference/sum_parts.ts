type Numbers = ArrayLike<number>;

/** y[i] = sum over p of parts[p, i] */
export function sumParts({ parts }: { parts: number }, { x }: { x: Numbers }): { y: Float64Array } {
  const y = new Float64Array(x.length / parts);
  for (let i = 0; i < x.length; i++) y[i % y.length]! += x[i]!;
  return { y };
}
