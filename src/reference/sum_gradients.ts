import type { SumGradientsShape } from '../kernels/sum_gradients.ts';
import { derivative } from './activation.ts';

type Numbers = ArrayLike<number>;

/** dy[i] = act'(z[i]) * (sum of the pending gradients) + sum of the finished ones, where v[i] = act(z[i]) */
export function sumGradients(
  s: SumGradientsShape,
  { gradients, v }: { gradients: readonly Numbers[]; v?: Numbers | undefined },
): { dy: Float64Array } {
  const dy = Float64Array.from({ length: s.elements }, (_, i) => {
    let pending = 0;
    let finished = 0;
    for (const [k, gradient] of gradients.entries()) {
      if (s.pending[k]) pending += gradient[i]!;
      else finished += gradient[i]!;
    }
    if (pending === 0 || s.activation === 'linear') return pending + finished;
    return derivative(s.activation, v![i]!) * pending + finished;
  });
  return { dy };
}
