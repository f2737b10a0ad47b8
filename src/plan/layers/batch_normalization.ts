import {
  batchNormBackwardSums,
  batchNormBackwardX,
  batchNormChunks,
  batchNormCombine,
  batchNormForward,
  batchNormStatistics,
} from '../../kernels/batch_norm.ts';
import { product } from '../../product.ts';
import type { Lowering } from '../lowering.ts';
import { planNormSums } from './norm_gradient.ts';

/** The shortcut's add and the activation that follow are computed in the same dispatch. */
export const lowerBatchNormalization: Lowering<'batchNormalization'> = (layer, context) => {
  const { x, batch, state, activation, residual } = context;
  const { epsilon, scale, center } = layer.config;
  const channels = layer.inputShape.at(-1)!;
  const shape = { batch, pixels: product(layer.inputShape) / channels, channels };
  const sums = { ...shape, chunks: batchNormChunks(shape) };
  const [gamma, beta] = [context.tensor('gamma'), context.tensor('beta')];
  const { moving, batch: ofBatch } = context.statistics!;
  // A frozen layer computes as in inference.
  const statistics = context.mode === 'train' && ofBatch ? ofBatch : moving;
  const frozen = statistics === moving;
  if (!frozen) {
    const partials = context.scratch('statistics_parts', sums.chunks * 2 * channels);
    context.forward(batchNormStatistics, sums, { x: x.ref, state, partials });
    context.forward(batchNormCombine, sums, { partials, state, statistics });
  }
  const value = context.value(layer.outputShape);
  context.forward(
    batchNormForward,
    { ...shape, epsilon, scale, center, residual: residual !== undefined, activation },
    {
      x: x.ref,
      statistics,
      y: value.ref,
      ...(gamma && { gamma: gamma.w }),
      ...(beta && { beta: beta.w }),
      ...(residual && { residual: residual.ref }),
    },
  );
  return {
    value,
    backward: (dy) => {
      if (residual) context.passGradient(residual, dy);
      // dx needs these sums too. If the layer has no such tensor, they are kept in scratch memory.
      const dgamma = gamma?.dw ?? context.scratch('dgamma', channels);
      const dbeta = beta?.dw ?? context.scratch('dbeta', channels);
      // The tensors of a frozen layer have no gradients, and its dx needs no sums.
      if (!frozen || gamma?.dw || beta?.dw) {
        const buffers = { x: x.ref, dy, statistics, state, dgamma, dbeta };
        planNormSums(context, batchNormBackwardSums, { ...sums, epsilon }, buffers);
      }
      const target = context.gradient();
      if (!target) return;
      context.backward(
        batchNormBackwardX,
        { ...shape, epsilon, scale, inActivation: target.activation, frozen },
        {
          dy,
          statistics,
          state,
          dx: target.dx,
          ...(gamma && { gamma: gamma.w }),
          ...((!frozen || target.activation !== 'linear') && { x: x.ref }),
          ...(!frozen && { dgamma, dbeta }),
        },
      );
    },
  };
};
