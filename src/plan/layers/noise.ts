import { dropoutBackward, dropoutForward, gaussianNoise } from '../../kernels/dropout.ts';
import type { CompiledNode } from '../../model/graph.ts';
import type { Lowered, Lowering, LoweringContext } from '../lowering.ts';

/** Drops whole channels of a sample if `spatialChannels` is given, otherwise single elements. */
function dropOut(
  layer: CompiledNode<'dropout' | 'spatialDropout2d'>,
  context: LoweringContext,
  spatialChannels?: number,
): Lowered {
  const { x, batch, state, mode } = context;
  const { rate } = layer.config;
  if (mode !== 'train' || rate === 0) return { value: x };
  const shape = { batch, elements: x.elements, layer: context.index, rate, spatialChannels };
  const value = context.value(layer.outputShape, 'linear');
  context.forward(dropoutForward, shape, { x: x.ref, state, y: value.ref });
  return {
    value,
    backward: (dy) => {
      const dx = context.rawGradient();
      if (dx) context.backward(dropoutBackward, shape, { x: dy, state, y: dx });
    },
  };
}

export const lowerDropout: Lowering<'dropout'> = (layer, context) => dropOut(layer, context);

export const lowerSpatialDropout2d: Lowering<'spatialDropout2d'> = (layer, context) =>
  dropOut(layer, context, layer.inputShape[2]!);

export const lowerGaussianNoise: Lowering<'gaussianNoise'> = (layer, context) => {
  const { x, batch, state, mode } = context;
  const { stddev: standardDeviation } = layer.config;
  if (mode !== 'train' || standardDeviation === 0) return { value: x };
  const value = context.value(layer.outputShape, 'linear');
  const shape = { batch, elements: x.elements, layer: context.index, standardDeviation };
  context.forward(gaussianNoise, shape, { x: x.ref, state, y: value.ref });
  return { value, backward: (dy) => context.passGradient(x, dy) };
};
