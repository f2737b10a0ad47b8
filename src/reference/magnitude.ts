/**
 * A twin's result on the absolute values of its inputs, without activations: sum|terms| of every element, which bounds the rounding
 * error of the sum. `magnitude(conv2dForward, s, { x, w, b }).y` belongs to `conv2dForward(s, { x, w, b }).y`.
 */
export function magnitude<Shape extends object, Inputs extends object, Outputs>(
  twin: (s: Shape, inputs: Inputs) => Outputs,
  s: Shape,
  inputs: Inputs,
): Outputs {
  const linear = {
    ...s,
    ...('activation' in s && { activation: 'linear' }),
    ...('inActivation' in s && { inActivation: 'linear' }),
  };
  const entries = Object.entries(inputs).map(([name, value]) => [name, absolute(value)]);
  return twin(linear, Object.fromEntries(entries));
}

function absolute(value: unknown): unknown {
  // An argmax is an index, not a summand.
  if (value instanceof Uint8Array || value === undefined) return value;
  return Float64Array.from(value as ArrayLike<number>, Math.abs);
}
