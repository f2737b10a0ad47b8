type Numbers = ArrayLike<number>;

/** One of Keras' three clipping options, or none. */
export interface ClipOptions {
  clipnorm?: number | undefined;
  clipvalue?: number | undefined;
  globalClipnorm?: number | undefined;
}

/**
 * factors[t] = clipnorm / max(norm[t], clipnorm), or the same with the norm of all tensors together.
 *
 * @param squares squared norm of each tensor.
 */
export function clipFactors({ clipnorm, globalClipnorm }: ClipOptions, squares: readonly number[]): number[] {
  const factor = (most: number, square: number) => most / Math.max(Math.sqrt(square), most);
  if (clipnorm !== undefined) return squares.map((square) => factor(clipnorm, square));
  if (globalClipnorm === undefined) return squares.map(() => 1);
  const all = squares.reduce((sum, square) => sum + square, 0);
  return squares.map(() => factor(globalClipnorm, all));
}

/** Applies Keras' clipnorm, global_clipnorm or clipvalue to the gradients, as before an optimizer's update. */
export function clipGradients(options: ClipOptions, gradients: readonly Numbers[]): Float64Array[] {
  const arrays = gradients.map((dw) => Float64Array.from(dw));
  const { clipvalue } = options;
  if (clipvalue !== undefined) return arrays.map((dw) => dw.map((g) => Math.max(-clipvalue, Math.min(clipvalue, g))));
  const factors = clipFactors(
    options,
    arrays.map((dw) => dw.reduce((sum, g) => sum + g * g, 0)),
  );
  return arrays.map((dw, t) => dw.map((g) => factors[t]! * g));
}
