import type { DenseShape } from '../kernels/dense.ts';
import { activate, derivative } from './activation.ts';

type Numbers = ArrayLike<number>;

/** y[n,o] = act(b[o] + sum over i of x[n,i] * w[i,o]) */
export function denseForward(s: DenseShape, { x, w, b }: { x: Numbers; w: Numbers; b?: Numbers }): { y: Float64Array } {
  const y = new Float64Array(s.batch * s.outputs);
  for (let n = 0; n < s.batch; n++) {
    for (let o = 0; o < s.outputs; o++) {
      let z = s.useBias ? b![o]! : 0;
      for (let i = 0; i < s.inputs; i++) z += x[n * s.inputs + i]! * w[i * s.outputs + o]!;
      y[n * s.outputs + o] = activate(s.activation, z);
    }
  }
  return { y };
}

/** dx[n,i] = act'(x[n,i]) * sum over o of dy[n,o] * w[i,o], where act is `inActivation`, the activation that produced x. */
export function denseBackwardX(
  s: DenseShape,
  { w, dy, x }: { w: Numbers; dy: Numbers; x?: Numbers },
): { dx: Float64Array } {
  const dx = new Float64Array(s.batch * s.inputs);
  for (let n = 0; n < s.batch; n++) {
    for (let i = 0; i < s.inputs; i++) {
      let sum = 0;
      for (let o = 0; o < s.outputs; o++) sum += dy[n * s.outputs + o]! * w[i * s.outputs + o]!;
      dx[n * s.inputs + i] =
        s.inActivation === 'linear' ? sum : sum * derivative(s.inActivation, x![n * s.inputs + i]!);
    }
  }
  return { dx };
}

/** dw[i,o] = sum over n of x[n,i] * dy[n,o];  db[o] = sum over n of dy[n,o] */
export function denseBackwardW(
  s: DenseShape,
  { x, dy }: { x: Numbers; dy: Numbers },
): { dw: Float64Array; db: Float64Array } {
  const dw = new Float64Array(s.inputs * s.outputs);
  const db = new Float64Array(s.outputs);
  for (let n = 0; n < s.batch; n++) {
    for (let o = 0; o < s.outputs; o++) {
      for (let i = 0; i < s.inputs; i++) dw[i * s.outputs + o]! += x[n * s.inputs + i]! * dy[n * s.outputs + o]!;
      db[o]! += dy[n * s.outputs + o]!;
    }
  }
  return { dw, db };
}
