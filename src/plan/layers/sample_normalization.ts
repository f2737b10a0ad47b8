import type { Kernel } from '../../gpu/kernel.ts';
import {
  type GroupNormBackwardSumsShape,
  type GroupNormBackwardXShape,
  type GroupNormForwardShape,
  groupNormBackwardSums,
  groupNormBackwardX,
  groupNormChunks,
  groupNormForward,
} from '../../kernels/group_norm.ts';
import { asGroupNorm, layerNormBackwardSums, layerNormBackwardX, layerNormForward } from '../../kernels/layer_norm.ts';
import type { CompiledNode } from '../../model/graph.ts';
import { product } from '../../product.ts';
import type { Lowered, Lowering, LoweringContext } from '../lowering.ts';
import { planNormSums } from './norm_gradient.ts';

interface NormKernels {
  forward: Kernel<GroupNormForwardShape>;
  backwardX: Kernel<GroupNormBackwardXShape>;
  backwardSums: Kernel<GroupNormBackwardSumsShape>;
}

interface Sizes {
  instances: number;
  instancesPerSample: number;
  pixels: number;
  channels: number;
  groups: number;
}

/** Layer and group normalization, which use the statistics of each sample, or of parts of it, separately. */
function normalize(
  layer: CompiledNode<'layerNormalization' | 'groupNormalization'>,
  context: LoweringContext,
  kernels: NormKernels,
  sizes: Sizes,
): Lowered {
  const { x, state, activation, residual } = context;
  const { epsilon, scale, center } = layer.config;
  const shape = { ...sizes, epsilon, scale, center };
  const [gamma, beta] = [context.tensor('gamma'), context.tensor('beta')];
  const keepsStatistics = context.mode !== 'infer';
  const statistics = keepsStatistics ? context.kept('statistics', 2 * sizes.instances * sizes.groups) : undefined;
  const value = context.value(layer.outputShape);
  context.forward(
    kernels.forward,
    { ...shape, residual: residual !== undefined, activation, keepsStatistics },
    {
      x: x.ref,
      y: value.ref,
      ...(gamma && { gamma: gamma.w }),
      ...(beta && { beta: beta.w }),
      ...(residual && { residual: residual.ref }),
      ...(statistics && { statistics }),
    },
  );
  return {
    value,
    backward: (dy) => {
      if (residual) context.passGradient(residual, dy);
      if (gamma?.dw || beta?.dw) {
        const { channels } = sizes;
        const chunks = groupNormChunks(shape);
        const dgamma = gamma?.dw ?? context.scratch('dgamma', channels);
        const dbeta = beta?.dw ?? context.scratch('dbeta', channels);
        const buffers = { x: x.ref, dy, statistics: statistics!, state, dgamma, dbeta };
        planNormSums(context, kernels.backwardSums, { ...shape, chunks }, buffers);
      }
      const target = context.gradient();
      if (!target) return;
      context.backward(
        kernels.backwardX,
        { ...shape, inActivation: target.activation },
        { x: x.ref, dy, statistics: statistics!, state, dx: target.dx, ...(gamma && { gamma: gamma.w }) },
      );
    },
  };
}

export const lowerLayerNormalization: Lowering<'layerNormalization'> = (layer, context) => {
  const kernels = { forward: layerNormForward, backwardX: layerNormBackwardX, backwardSums: layerNormBackwardSums };
  return normalize(layer, context, kernels, asGroupNorm({ batch: context.batch, ...layer.details }));
};

export const lowerGroupNormalization: Lowering<'groupNormalization'> = (layer, context) => {
  const kernels = { forward: groupNormForward, backwardX: groupNormBackwardX, backwardSums: groupNormBackwardSums };
  const channels = layer.inputShape.at(-1)!;
  const pixels = product(layer.inputShape) / channels;
  const { groups } = layer.details;
  return normalize(layer, context, kernels, {
    instances: context.batch,
    instancesPerSample: 1,
    pixels,
    channels,
    groups,
  });
};
