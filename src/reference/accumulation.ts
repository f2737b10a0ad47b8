type Numbers = ArrayLike<number>;

/** The results of a micro-batch: its number of samples, its mean loss and the gradients of that loss. */
export interface MicroBatch {
  samples: number;
  loss: number;
  correct: number;
  gradients: readonly Numbers[];
}

/** dw = (sum of n dw) / (sum of n) over micro-batches of n samples: the gradient of the mean loss over all of their samples. */
export function accumulateGradients(microBatches: readonly MicroBatch[]): Required<Omit<MicroBatch, 'gradients'>> & {
  gradients: Float64Array[];
} {
  const sum = { samples: 0, loss: 0, correct: 0 };
  const gradients = microBatches[0]!.gradients.map(({ length }) => new Float64Array(length));
  for (const { samples, loss, correct, gradients: own } of microBatches) {
    sum.samples += samples;
    sum.loss += samples * loss;
    sum.correct += correct;
    for (const [t, tensor] of gradients.entries())
      for (let i = 0; i < tensor.length; i++) tensor[i]! += samples * own[t]![i]!;
  }
  for (const tensor of gradients) for (let i = 0; i < tensor.length; i++) tensor[i]! /= sum.samples;
  return { ...sum, loss: sum.loss / sum.samples, gradients };
}

/** The words of shaders/lib/state.wgsl and of shaders/lib/accumulated.wgsl, by the names used there. */
type Words = Readonly<Record<string, number>>;

/**
 * start, position = position, min(position + batch, samples);  own = count = position - start
 *
 * If no samples are left, or the loss so far is not finite, the batch does not change and own is 0.
 */
export function beginMicroBatch(
  { batch }: { batch: number },
  { state, accumulated }: { state: Words; accumulated: Words },
): { state: Words; accumulated: Words } {
  if (state.halted) return { state, accumulated };
  const left = Math.min(batch, state.samples! - state.position!);
  const own = Number.isFinite(accumulated.loss!) ? left : 0;
  const begun = { ...state, position: state.position! + left };
  return {
    state: own ? { ...begun, start: state.position!, count: own } : begun,
    accumulated: { ...accumulated, own, count: accumulated.count! + left },
  };
}
